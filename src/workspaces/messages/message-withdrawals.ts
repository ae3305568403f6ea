import { setTimeout as delay } from 'node:timers/promises';

import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';

import { isRefusal } from '../../database/index.js';

import { MessageStore, type NewMessage } from './message.store.js';

/** Who loses one connection loses all that lie ready, and meets each of them once. */
const TRIED_AFTER_MS = [0, 25, 100, 250];
/** Its publisher waits. */
const PATIENCE_MS = 500;
const AGAIN_EVERY_MS = 1_000;
/** A database that is away for long must not fill the memory with what it has most likely never heard of. */
const MOST_KEPT = 10_000;

/** As much of a message as its withdrawal needs: what it asks may be long. */
export type Withdrawal = Omit<NewMessage, 'traceparent'>;

/**
 * Takes back messages whose insert was not answered: their publishers are told that they were not stored, and may publish them
 * again. A server goes on with what a lost connection had asked of it, so that a row which is not there may still come: whoever is
 * withdrawn has a row that has failed, and nothing comes after that.
 */
@Injectable()
export class MessageWithdrawals implements OnApplicationShutdown {
  private readonly logger = new Logger('Messages');
  private readonly doubtful = new Map<string, Withdrawal>();
  private busy = false;

  constructor(private readonly messages: MessageStore) {}

  /** `taken`: it was stored, and a worker has it by now. `unknown`: that cannot be told yet, and is tried until it can. */
  async withdraw(message: Withdrawal): Promise<'withdrawn' | 'taken' | 'unknown'> {
    const startedAt = performance.now();
    for (const pauseMs of TRIED_AFTER_MS) {
      await delay(pauseMs);
      try {
        return await this.messages.withdraw(message);
      } catch (error) {
        if (pauseMs === 0)
          this.logger.warn(
            { err: error, message: message.id },
            'Whether a message was stored is not known yet.',
          );
      }
      if (performance.now() - startedAt > PATIENCE_MS) break;
    }
    this.remember(message);
    return 'unknown';
  }

  /** Those that are not known of, once the database can be asked again. */
  @Interval(AGAIN_EVERY_MS)
  async again(): Promise<void> {
    if (this.busy || this.doubtful.size === 0) return;
    this.busy = true;
    try {
      for (const message of this.doubtful.values()) if (!(await this.settled(message))) break;
    } finally {
      this.busy = false;
    }
  }

  /** The last moment at which they are known. */
  async onApplicationShutdown(): Promise<void> {
    await this.again();
    const left = [...this.doubtful.keys()];
    if (left.length > 0)
      this.logger.error(
        { messages: left },
        'Messages may run whose publishers were told that they were not stored.',
      );
  }

  /** @returns false where the database is away, for the others too. */
  private async settled(message: Withdrawal): Promise<boolean> {
    const { id } = message;
    try {
      const fate = await this.messages.withdraw(message);
      this.doubtful.delete(id);
      if (fate === 'taken')
        this.logger.error({ message: id }, 'A message runs whose publisher was told that it was not stored.');
      return true;
    } catch (error) {
      return isRefusal(error);
    }
  }

  private remember(message: Withdrawal): void {
    const { id, workspaceId, caller, sequenceIndex, htmlTag, wish } = message;
    const { responseFormat } = wish;
    this.doubtful.set(id, {
      id,
      workspaceId,
      caller,
      sequenceIndex,
      htmlTag,
      wish: { prompt: '', responseFormat },
    });
    const [oldest] = this.doubtful.keys();
    if (this.doubtful.size > MOST_KEPT && oldest !== undefined) this.doubtful.delete(oldest);
  }
}
