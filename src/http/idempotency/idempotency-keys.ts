import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';

import { Clock } from '../../rate-limiting/domain/clock.js';
import { type CallContext, newReservationId } from '../../rate-limiting/index.js';

import { AbandonedRuns } from './abandoned-runs.js';
import { IdempotencyKeyStore, type KeyRun } from './idempotency-key.store.js';
import { type KeyEnd, RecordedRun } from './key-run.js';
import { answerTooLarge, answerLost, keyMismatch, stillRunning } from './idempotency.errors.js';
import { type KeptAnswer, type KeyedRequest, type KeyHolder } from './keyed-request.js';
import { KeyLeases } from './key-leases.js';

/** What a request under a key gets: its run, or the answer that was given before. */
export type KeyOutcome =
  | { readonly kind: 'run'; readonly run: RecordedRun }
  | { readonly kind: 'replay'; readonly answer: KeptAnswer };

/** A holder that was seen may be gone a moment later: then the key is tried again, so often. */
const TRIES = 3;
const RENEW_EVERY_MS = 5_000;
const CLEAN_EVERY_MS = 60_000;
const CLEAN_BATCH = 500;

/** Runs each request under a key once, over all instances, and gives its answer to those that ask again. */
@Injectable()
export class IdempotencyKeys {
  private readonly logger = new Logger(IdempotencyKeys.name);
  private readonly live = new Set<KeyRun>();

  constructor(
    private readonly store: IdempotencyKeyStore,
    private readonly leases: KeyLeases,
    private readonly abandoned: AbandonedRuns,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws CodedError `idempotency_mismatch`, `idempotency_in_progress`; `conflict` where a charged call's answer
   *   cannot be given again.
   */
  async begin(request: KeyedRequest, context: CallContext): Promise<KeyOutcome> {
    const mine: KeyRun = { request, usageId: newReservationId(this.clock.now()) };
    for (let tries = 0; tries < TRIES; tries++) {
      if (await this.store.claim(mine, this.leases.from(this.clock.now())))
        return this.started(mine, context);
      const holder = await this.store.find(request, this.clock.now());
      if (!holder) continue;
      const answer = answerOf(holder, request);
      if (answer) return { kind: 'replay', answer };
      if (await this.takeOver(mine, holder)) return this.started(mine, context);
    }
    throw stillRunning();
  }

  /** A run that is long must not be taken for dead. */
  @Interval(RENEW_EVERY_MS)
  async renew(): Promise<void> {
    if (this.live.size === 0) return;
    await this.inBackground('The keys of calls that run could not be renewed.', () =>
      this.store.renew([...this.live], this.leases.from(this.clock.now()).livesUntilMs),
    );
  }

  /** Drops what is past its expiry, in small batches. @returns how many keys were dropped. */
  @Interval(CLEAN_EVERY_MS)
  async clean(): Promise<number> {
    let dropped = 0;
    await this.inBackground('Expired Idempotency-Keys could not be dropped.', async () => {
      let batch: number;
      do dropped += batch = await this.store.dropExpired(this.clock.now(), CLEAN_BATCH);
      while (batch === CLEAN_BATCH);
    });
    return dropped;
  }

  private async takeOver(mine: KeyRun, { usageId, ...holder }: KeyHolder): Promise<boolean> {
    if (holder.state !== 'running') return false;
    const fate = await this.abandoned.fateOf(usageId, holder.abandoned);
    if (fate === 'alive') throw stillRunning();
    if (fate === 'charged') throw answerLost(usageId);
    return this.store.takeOver(mine, usageId, this.leases.from(this.clock.now()));
  }

  private started(mine: KeyRun, context: CallContext): KeyOutcome {
    this.live.add(mine);
    context.nextReservationId = mine.usageId;
    return { kind: 'run', run: new RecordedRun(context, (end) => this.end(mine, end)) };
  }

  /** A failure here costs nobody the answer: the key then stays as it is until its lease is over. */
  private async end(mine: KeyRun, end: KeyEnd): Promise<void> {
    this.live.delete(mine);
    if (end.state === 'undecided') return;
    await this.inBackground('How a call under an Idempotency-Key ended could not be kept.', () =>
      end.state === 'freed' ? this.store.free(mine) : this.store.end(mine, end),
    );
  }

  private async inBackground(failure: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn({ err: error }, failure);
    }
  }
}

/** The kept answer; `undefined` where the first call still runs, or did when last heard of. */
function answerOf(holder: KeyHolder, { route, hash }: KeyedRequest): KeptAnswer | undefined {
  if (holder.route !== route || holder.hash !== hash) throw keyMismatch(holder.route, route);
  if (holder.state === 'answered') return holder.answer;
  if (holder.state === 'unkept') throw answerTooLarge(holder.usageId);
  if (holder.state === 'lost') throw answerLost(holder.usageId);
  return undefined;
}
