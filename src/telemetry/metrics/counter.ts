import { type Family } from './family.js';
import { type InstrumentSpec, register } from './instruments.js';
import { type Labels, Series } from './series.js';

/** A sum that only grows, from 0 at the start of the process. */
export class Counter<Label extends string = never> {
  private readonly series: Series<Label, { sum: number }>;

  constructor(private readonly spec: InstrumentSpec<Label>) {
    this.series = new Series(spec.labels ?? [], () => ({ sum: 0 }));
  }

  add(labels: Labels<Label>, amount = 1): void {
    this.series.at(labels).sum += amount;
  }

  read(): Promise<Family> {
    const { name, help } = this.spec;
    const samples = this.series.all().map(({ labels, value }) => ({ labels, value: value.sum }));
    return Promise.resolve({ name, help, type: 'counter', samples });
  }
}

/** Declares a counter: once a process, beside what it counts. */
export function counter<Label extends string = never>(spec: InstrumentSpec<Label>): Counter<Label> {
  return register(spec.name, new Counter(spec));
}

/** Declares a counter without labels; it reads 0 from the start. */
export function plainCounter(spec: Omit<InstrumentSpec<never>, 'labels'>): Counter {
  const made = counter(spec);
  made.add({}, 0);
  return made;
}
