import { type Family, type Sample } from './family.js';
import { type InstrumentSpec, register } from './instruments.js';
import { type Labels, Series } from './series.js';

/** What a gauge is read from: samples, at once or after asking somebody. */
export type GaugeReader<Label extends string> = () =>
  readonly LabelledValue<Label>[] | Promise<readonly LabelledValue<Label>[]>;

export interface LabelledValue<Label extends string> {
  readonly labels: Labels<Label>;
  readonly value: number;
}

/** Somebody who is asked and does not answer in this time is left out of what is shown. */
const READ_MS = 1_000;

/** A figure that goes up and down: kept here, or read from whoever knows it when somebody looks. */
export class Gauge<Label extends string = never> {
  private readonly series: Series<Label, { now: number }>;
  private readonly readers = new Set<GaugeReader<Label>>();

  constructor(private readonly spec: InstrumentSpec<Label>) {
    this.series = new Series(spec.labels ?? [], () => ({ now: 0 }));
  }

  /** @param amount may be negative */
  add(labels: Labels<Label>, amount: number): void {
    this.series.at(labels).now += amount;
  }

  set(labels: Labels<Label>, value: number): void {
    this.series.at(labels).now = value;
  }

  /**
   * Has it read from somebody; of several, values with the same labels are added up. One that fails or takes longer than
   * a second is left out: what can be seen is shown.
   * @returns ends it
   */
  readFrom(reader: GaugeReader<Label>): () => void {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  }

  async read(): Promise<Family> {
    const { name, help, labels: names = [] } = this.spec;
    const asked = await Promise.all([...this.readers].map((reader) => inTime(reader)));
    const sums = new Series<string, { now: number }>(names, () => ({ now: 0 }));
    for (const { labels, value } of asked.flat()) sums.at(labels).now += value;
    for (const { labels, value } of this.series.all()) sums.at(labels).now += value.now;
    const samples: Sample[] = sums.all().map(({ labels, value }) => ({ labels, value: value.now }));
    return { name, help, type: 'gauge', samples };
  }
}

async function inTime<Label extends string>(
  reader: GaugeReader<Label>,
): Promise<readonly LabelledValue<Label>[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<[]>((resolve) => {
    timer = setTimeout(() => {
      resolve([]);
    }, READ_MS);
  });
  try {
    return await Promise.race([reader(), late]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}

/** Declares a gauge: once a process, beside what it shows. */
export function gauge<Label extends string = never>(spec: InstrumentSpec<Label>): Gauge<Label> {
  return register(spec.name, new Gauge(spec));
}
