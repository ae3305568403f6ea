import { type Logger } from '@nestjs/common';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** Tells the counters of what the ledger's database holds already; again and again while they cannot be reached. */
export class InvalidationQueue {
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly logger: Logger) {}

  /** Resolves after the first attempt; the others go on behind it. @returns whether the first one did it. */
  async run(invalidate: () => Promise<void>, pauseMs = FIRST_PAUSE_MS): Promise<boolean> {
    try {
      await invalidate();
      return true;
    } catch (error) {
      this.logger.warn({ err: error }, 'The counters could not be told of an adjustment; trying on.');
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        void this.run(invalidate, Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
      }, pauseMs);
      timer.unref();
      this.timers.add(timer);
      return false;
    }
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
