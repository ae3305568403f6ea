import { setTimeout as delay } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import { type MessageRuns, type RunEnd } from '../messages/message.runs.js';
import { type Delivery, type Receiver } from '../queue/message-queue.port.js';

/** After a failure of the table, which all workers meet at once. */
const STUMBLED_MS = 1_000;

/** Works at one message after the other, until it is told to end. */
export class Worker {
  /** Resolves when it has ended: then nothing of it is under way any more. */
  readonly ended: Promise<void>;
  private readonly logger = new Logger('Workers');
  private readonly ending = new AbortController();
  private busy = false;

  constructor(
    private readonly receiver: Receiver,
    private readonly runs: MessageRuns,
  ) {
    this.ended = this.work();
  }

  /** Whether it has no message in hand. */
  get idle(): boolean {
    return !this.busy;
  }

  get draining(): boolean {
    return this.ending.signal.aborted;
  }

  /** It takes no new message; the one in hand is brought to its end. */
  end(): void {
    if (this.draining) return;
    this.ending.abort();
    void this.receiver.close();
  }

  private async work(): Promise<void> {
    while (!this.draining) {
      try {
        const delivery = await this.receiver.next();
        if (delivery) await this.runOne(delivery);
      } catch (error) {
        this.logger.warn(
          { err: error },
          'A worker stumbled; its message is taken on again when its lease is over.',
        );
        await this.rest(STUMBLED_MS);
      }
    }
    await this.receiver.close();
  }

  private async runOne(delivery: Delivery): Promise<void> {
    this.busy = true;
    // What cannot be written down is no word for the queue either: the table knows when its lease is over.
    let end: RunEnd = { fate: 'later', restMs: 0 };
    try {
      end = await this.runs.run(delivery.message);
    } finally {
      this.busy = false;
      await delivery.done(end.fate);
    }
    if (end.restMs > 0) await this.rest(end.restMs);
  }

  private async rest(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.ending.signal }).catch(() => undefined);
  }
}
