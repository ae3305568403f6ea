import { type Family } from './family.js';
import { type InstrumentSpec, register } from './instruments.js';
import { type Labels, Series } from './series.js';

const WINDOW_MS = 60_000;

interface Lows {
  window: number;
  /** Of the window under way, and of the one before. */
  now: number;
  before: number;
}

/**
 * The lowest of the values that were noted within the last one to two minutes: for what differs from caller to caller and
 * would need a label for each of them. Where nothing was noted there is no sample.
 */
export class LowestSeen<Label extends string = never> {
  private readonly series: Series<Label, Lows>;

  constructor(
    private readonly spec: InstrumentSpec<Label>,
    private readonly nowMs: () => number,
  ) {
    this.series = new Series(spec.labels ?? [], () => ({ window: 0, now: Infinity, before: Infinity }));
  }

  note(labels: Labels<Label>, value: number): void {
    const lows = this.series.at(labels);
    this.turn(lows);
    if (value < lows.now) lows.now = value;
  }

  read(): Promise<Family> {
    const { name, help } = this.spec;
    const samples = this.series.all().flatMap(({ labels, value: lows }) => {
      this.turn(lows);
      const value = Math.min(lows.now, lows.before);
      return value === Infinity ? [] : [{ labels, value }];
    });
    return Promise.resolve({ name, help, type: 'gauge', samples });
  }

  private turn(lows: Lows): void {
    const window = Math.floor(this.nowMs() / WINDOW_MS);
    if (window === lows.window) return;
    lows.before = window === lows.window + 1 ? lows.now : Infinity;
    lows.now = Infinity;
    lows.window = window;
  }
}

/** Declares one: once a process, beside what it shows. */
export function lowestSeen<Label extends string = never>(
  spec: InstrumentSpec<Label>,
  nowMs: () => number = () => performance.now(),
): LowestSeen<Label> {
  return register(spec.name, new LowestSeen(spec, nowMs));
}
