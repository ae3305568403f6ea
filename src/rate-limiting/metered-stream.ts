import { AsyncResource } from 'node:async_hooks';

import { type UsageStatus } from './domain/usage.js';
import { type UnreadStream } from './live-reservations.js';
import { type ReportedUsage, type ToldUsage } from './rate-limit.decorator.js';
import { readTooLate } from './rate-limiting.errors.js';

/** How the reservation behind a stream is brought to its end. */
export interface StreamSettlement {
  readonly metered: boolean;
  usageOf(item: unknown): ToldUsage | undefined;
  settle(reported: ReportedUsage | undefined, status: UsageStatus): Promise<void>;
  release(): Promise<void>;
}

/**
 * Passes a stream on and settles it when it ends, fails or is abandoned. Its end is told only when the settlement is
 * committed. Where nothing was delivered it costs nothing; what was delivered is paid, however the stream ended.
 *
 * An iterator by hand, not a generator: one that is abandoned before its first item must still be settled, and a
 * generator that never ran runs no `finally`.
 * @param signal aborted when the client hung up: an error after that is an abandoned stream, not a failed one.
 */
export function meterStream<Item>(
  source: AsyncIterable<Item>,
  settlement: StreamSettlement,
  signal?: AbortSignal,
): MeteredStream<Item> {
  return new MeteredStream(source[Symbol.asyncIterator](), settlement, signal);
}

/** A stream that settles its reservation. */
export class MeteredStream<Item> implements AsyncIterableIterator<Item>, UnreadStream {
  /** How many were delivered. */
  items = 0;
  private asked = 0;
  private abandoned = false;
  private told: ToldUsage | undefined;
  private ended: Promise<void> | undefined;
  /** A generator runs in the context of whoever asks for its next item: the call's own is kept here. */
  private readonly scope = new AsyncResource('cuota.MeteredStream');

  constructor(
    private readonly source: AsyncIterator<Item>,
    private readonly settlement: StreamSettlement,
    private readonly signal: AbortSignal | undefined,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Whether somebody waits for its next item. */
  get isRead(): boolean {
    return this.asked > 0;
  }

  async next(): Promise<IteratorResult<Item>> {
    if (this.abandoned) throw readTooLate();
    let step: IteratorResult<Item>;
    this.asked++;
    try {
      step = await this.scope.runInAsyncScope(() => this.source.next());
    } catch (error) {
      await this.end(this.signal?.aborted ? 'settled' : 'failed_after_output');
      throw error;
    } finally {
      this.asked--;
    }
    if (step.done) {
      await this.end('settled', true);
      return step;
    }
    this.count(step.value);
    return step;
  }

  /** The consumer wants no more. */
  async return(): Promise<IteratorResult<Item>> {
    // Not awaited: a source that waits for its upstream answers only when that does.
    void Promise.resolve(this.source.return?.()).catch(() => undefined);
    await this.end('settled');
    return { done: true, value: undefined };
  }

  /** Nobody reads it, and nobody left it. */
  async abandon(): Promise<void> {
    this.abandoned = true;
    await this.return();
  }

  async throw(error: unknown): Promise<IteratorResult<Item>> {
    await this.return();
    throw error;
  }

  private count(item: Item): void {
    this.told = this.settlement.usageOf(item) ?? this.told;
    this.items++;
  }

  /** @param complete a stream that came to its own end is a call that was answered, with or without output. */
  private end(status: UsageStatus, complete = false): Promise<void> {
    this.ended ??= this.settle(status, complete);
    return this.ended;
  }

  private settle(status: UsageStatus, complete: boolean): Promise<void> {
    const usage = typeof this.told === 'function' ? this.told() : this.told;
    const delivered = this.settlement.metered ? usage !== undefined : this.items > 0;
    return delivered || complete ? this.settlement.settle(usage, status) : this.settlement.release();
  }
}
