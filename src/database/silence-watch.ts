const TICK_MS = 50;
/** A tick that comes late tells of a busy process, not of a silent store: no more than this is counted for it. */
const MOST_PER_TICK_MS = 75;

interface Waiting {
  fail(): void;
}

/** The store owes answers and has said nothing for too long. */
export class StoreSilent extends Error {
  constructor(limitMs: number) {
    super(`The store has not answered anything for ${limitMs} ms.`);
    this.name = 'StoreSilent';
  }
}

/**
 * Gives up on a store that has said nothing at all for a while. Answers come in order over one connection, so as long as
 * any come the store lives, however long the queue; and the time in which this process was too busy to read its own
 * sockets is not held against the store. One timer for all calls, and none while nothing is asked.
 */
export class SilenceWatch {
  private readonly waiting = new Set<Waiting>();
  private silentMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private tickedAt = 0;

  constructor(private readonly limitMs: number) {}

  /**
   * The answer, or a StoreSilent.
   * @param late is given an answer that came after all when it had been given up.
   */
  guard<Answer>(answer: Promise<Answer>, late?: (answer: Answer) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let givenUp = false;
      const waiting: Waiting = {
        fail: () => {
          givenUp = true;
          reject(new StoreSilent(this.limitMs));
        },
      };
      this.begin(waiting);
      answer.then(
        (value) => {
          this.end(waiting);
          if (givenUp) late?.(value);
          else resolve(value);
        },
        (error: unknown) => {
          this.end(waiting);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  private begin(waiting: Waiting): void {
    this.waiting.add(waiting);
    if (this.timer) return;
    this.silentMs = 0;
    this.tickedAt = performance.now();
    this.timer = setInterval(() => {
      this.tick();
    }, TICK_MS);
    this.timer.unref();
  }

  private end(waiting: Waiting): void {
    this.waiting.delete(waiting);
    this.silentMs = 0;
  }

  private tick(): void {
    const now = performance.now();
    this.silentMs += Math.min(now - this.tickedAt, MOST_PER_TICK_MS);
    this.tickedAt = now;
    if (this.silentMs >= this.limitMs) this.giveUp();
    if (this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private giveUp(): void {
    for (const waiting of this.waiting) waiting.fail();
    this.waiting.clear();
  }
}
