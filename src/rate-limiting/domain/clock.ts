/**
 * The one source of time. Everything that asks "when" takes a Clock, so that a test can move it.
 */
export abstract class Clock {
  /** Milliseconds since the Unix epoch. */
  abstract now(): number;
}

/** The machine's own clock. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}

/** A clock that stands still until it is moved: for tests and for replaying a moment. */
export class FrozenClock extends Clock {
  constructor(private atMs: number) {
    super();
  }

  now(): number {
    return this.atMs;
  }

  moveTo(instant: string | number): void {
    this.atMs = typeof instant === 'number' ? instant : Date.parse(instant);
  }

  advance(ms: number): void {
    this.atMs += ms;
  }
}
