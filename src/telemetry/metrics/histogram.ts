import { type Family } from './family.js';
import { type InstrumentSpec, register } from './instruments.js';
import { type Labels, Series } from './series.js';

interface Observed {
  readonly counts: number[];
  sum: number;
}

/** How observed values are distributed, in buckets of fixed bounds. */
export class Histogram<Label extends string = never> {
  private readonly series: Series<Label, Observed>;

  constructor(
    private readonly spec: InstrumentSpec<Label>,
    /** Ascending, in the unit of the name. */
    private readonly bounds: readonly number[],
  ) {
    this.series = new Series(spec.labels ?? [], () => ({
      counts: new Array<number>(bounds.length + 1).fill(0),
      sum: 0,
    }));
  }

  observe(labels: Labels<Label>, value: number): void {
    const { bounds } = this;
    let at = 0;
    // Few bounds, and most values are small: walking them is quicker than halving.
    while (at < bounds.length && value > (bounds[at] ?? Infinity)) at++;
    const observed = this.series.at(labels);
    observed.counts[at] = (observed.counts[at] ?? 0) + 1;
    observed.sum += value;
  }

  read(): Promise<Family> {
    const { name, help } = this.spec;
    const distributions = this.series.all().map(({ labels, value }) => ({
      labels,
      bounds: this.bounds,
      counts: [...value.counts],
      sum: value.sum,
    }));
    return Promise.resolve({ name, help, type: 'histogram', distributions });
  }
}

/** Declares a histogram: once a process, beside what it measures. */
export function histogram<Label extends string = never>(
  spec: InstrumentSpec<Label>,
  bounds: readonly number[],
): Histogram<Label> {
  return register(spec.name, new Histogram(spec, bounds));
}
