/** A value for every label of an instrument. */
export type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** What an instrument keeps under one set of labels. */
export interface Entry<Value> {
  readonly labels: Labels<string>;
  readonly value: Value;
}

/** Past so many sets of labels an instrument counts the rest together, so that no mistake fills memory or Prometheus. */
export const MOST_SERIES = 2_000;
/** Every label of what is counted together. */
export const REST = 'other';

const END = '\u0001';

/** The values of one instrument, by their labels. Finding one costs a short string and a look into a map. */
export class Series<Label extends string, Value> {
  private readonly entries = new Map<string, Entry<Value>>();

  constructor(
    private readonly names: readonly Label[],
    private readonly fresh: () => Value,
  ) {}

  /** The value under these labels; made where there is none. */
  at(labels: Labels<Label>): Value {
    let key = '';
    for (const name of this.names) key += labels[name] + END;
    const known = this.entries.get(key);
    if (known) return known.value;
    if (this.entries.size < MOST_SERIES) return this.added(key, labels);
    const rest = this.names.map(() => REST + END).join('');
    return (
      this.entries.get(rest)?.value ??
      this.added(rest, Object.fromEntries(this.names.map((name) => [name, REST])))
    );
  }

  all(): Entry<Value>[] {
    return [...this.entries.values()];
  }

  private added(key: string, labels: Labels<string>): Value {
    const value = this.fresh();
    this.entries.set(key, { labels, value });
    return value;
  }
}
