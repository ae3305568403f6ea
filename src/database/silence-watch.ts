const TICK_MS = 50;
/** A tick that comes late tells of a busy process, not of a silent store: no more than this is counted for it. */
const MOST_PER_TICK_MS = 75;
/** With a tick of the watch, what a Redis that hangs may cost a call: 250 ms. */
const REDIS_SILENCE_MS = 200;
/** Who owes an answer that was given up is not waited for again until it says something, or so long is over. */
const WAIT_AGAIN_MS = 1_000;

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
  private silentUntil = Number.NEGATIVE_INFINITY;

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
          reject(this.failure());
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

  /**
   * Whether an answer was given up and nothing has been said since. Over one connection, where answers come in order, who
   * asks now would wait as long again, and a call that asks three times three times as long.
   */
  get silent(): boolean {
    return performance.now() < this.silentUntil;
  }

  /**
   * As `guard`, over one connection: while the store is silent nobody waits for it again. What it was told it does when
   * it lives again, and its answer then says that it does.
   */
  guardInOrder<Answer>(answer: Promise<Answer>, late?: (answer: Answer) => void): Promise<Answer> {
    if (!this.silent) return this.guard(answer, late);
    const said = () => {
      this.said();
    };
    answer.then(late).then(said, said);
    return Promise.reject(this.failure());
  }

  /** What is thrown where a silent store is not even asked. */
  failure(): StoreSilent {
    return new StoreSilent(this.limitMs);
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
    this.said();
  }

  private said(): void {
    this.silentMs = 0;
    this.silentUntil = Number.NEGATIVE_INFINITY;
  }

  private tick(): void {
    const now = performance.now();
    this.silentMs += Math.min(now - this.tickedAt, MOST_PER_TICK_MS);
    this.tickedAt = now;
    if (this.silentMs >= this.limitMs) {
      // Sockets are read between timers and this: a process that was busy may have its answer lying there.
      setImmediate(() => {
        this.giveUp();
      });
      return;
    }
    this.rest();
  }

  /** No timer while nobody waits. */
  private rest(): void {
    if (this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private giveUp(): void {
    if (this.silentMs < this.limitMs) return;
    if (this.waiting.size > 0) this.silentUntil = performance.now() + WAIT_AGAIN_MS;
    for (const waiting of this.waiting) waiting.fail();
    this.waiting.clear();
    this.rest();
  }
}

const watches = new WeakMap<object, SilenceWatch>();

/** The one watch of a connection to Redis: all who ask over it wait in one queue. */
export function silenceOf(connection: object): SilenceWatch {
  const known = watches.get(connection);
  if (known) return known;
  const watch = new SilenceWatch(REDIS_SILENCE_MS);
  watches.set(connection, watch);
  return watch;
}
