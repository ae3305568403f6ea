import { setTimeout as delay } from 'node:timers/promises';

import { Inject, Injectable } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import { CodedError, validationFailed } from '../../errors.js';
import {
  CounterStore,
  RATE_LIMITING_OPTIONS,
  type RateLimitingOptions,
  storeUnavailable,
} from '../../rate-limiting/index.js';
import { type OwnKey } from './own-keys.port.js';
import { ProviderRegistry } from '../provider-registry.js';

export interface AcquirePermits {
  readonly provider: string;
  /** A workspace's own key: its permits are taken, and not the provider's. */
  readonly ownKey?: OwnKey | undefined;
  /** 1 unless said. */
  readonly permits?: number;
  /** How long to wait for them at most; not at all unless said. */
  readonly timeoutMs?: number;
  /** Aborting it ends the wait and puts the permits back. */
  readonly signal?: AbortSignal | undefined;
}

/** A refusal is a value: `retryAfterMs` is when as many permits would be there. */
export type PermitsOutcome =
  | { readonly kind: 'acquired'; readonly waitedMs: number }
  | { readonly kind: 'refused'; readonly retryAfterMs: number };

/** What is in a provider's bucket; nulls where it has no rate. */
export interface PermitsStatus {
  readonly availablePermits: number | null;
  readonly ratePerSec: number | null;
  readonly maxPermits: number | null;
  /** False where it has no rate, or limits are off. */
  readonly enabled: boolean;
}

interface Bucket {
  readonly bucket: string;
  /** What it holds when it is full: a second's worth. */
  readonly burst: number;
  readonly refillPerSec: number;
}

const LONGEST_WAIT_MS = 3_600_000;

/**
 * The rate at which a provider may be asked (`PROVIDER_<NAME>_RATE_PER_SEC`): one token bucket a provider, shared by all
 * instances. Whoever waits holds its permits already, out of what is yet to come, so that those who wait are served in
 * the order in which they asked.
 */
@Injectable()
export class ProviderPermits {
  constructor(
    private readonly store: CounterStore,
    private readonly registry: ProviderRegistry,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RATE_LIMITING_OPTIONS) private readonly limiting: RateLimitingOptions,
  ) {}

  /**
   * Takes permits, waiting for them for `timeoutMs` at most; where that would not do it is refused at once.
   * @throws CodedError `store_unavailable` where the buckets cannot be reached and STORE_FAILURE is `closed`;
   *   `client_closed_request` where the signal ended the wait; `validation_failed`, `not_found` for what cannot be.
   */
  async acquire({
    provider,
    ownKey,
    permits = 1,
    timeoutMs = 0,
    signal,
  }: AcquirePermits): Promise<PermitsOutcome> {
    checkAmounts(permits, timeoutMs);
    const bucket = this.bucketOf(provider, ownKey);
    if (!bucket) return { kind: 'acquired', waitedMs: 0 };
    const { refillPerSec } = bucket;
    const burst = bucket.burst + (refillPerSec * timeoutMs) / 1000;
    const taken = await this.asked(() => this.store.takePermits({ ...bucket, burst, permits }));
    if (!taken) return { kind: 'acquired', waitedMs: 0 };
    // What is owed past a bucket's burst is what is yet to flow in.
    const missing = (owed: number) =>
      Math.max(0, Math.ceil(taken.fullAfterMs - ((bucket.burst - owed) * 1000) / refillPerSec));
    if (!taken.taken) return { kind: 'refused', retryAfterMs: Math.max(1, missing(permits)) };
    const waitedMs = missing(0);
    await this.wait({ provider, ownKey, permits, signal }, waitedMs);
    return { kind: 'acquired', waitedMs };
  }

  /** Puts permits back that were acquired for a call that never went out. */
  async release({
    provider,
    ownKey,
    permits = 1,
  }: Omit<AcquirePermits, 'timeoutMs' | 'signal'>): Promise<void> {
    checkAmounts(permits, 0);
    const bucket = this.bucketOf(provider, ownKey);
    if (bucket) await this.asked(() => this.store.givePermits({ ...withQueue(bucket), permits }));
  }

  /** What is in a provider's bucket; takes nothing. */
  async status(provider: string): Promise<PermitsStatus> {
    const bucket = this.bucketOf(provider);
    if (!bucket) return { availablePermits: null, ratePerSec: null, maxPermits: null, enabled: false };
    const { refillPerSec: ratePerSec, burst: maxPermits } = bucket;
    const state = await this.asked(() => this.store.takePermits({ ...withQueue(bucket), permits: 0 }));
    const owed = ((state?.fullAfterMs ?? 0) * ratePerSec) / 1000;
    return {
      availablePermits: Math.max(0, Math.floor(maxPermits - owed)),
      ratePerSec,
      maxPermits,
      enabled: true,
    };
  }

  /** What is in the bucket of a key, owed permits taken off; endless where it has no rate. */
  async left(provider: string, ownKey: OwnKey | undefined): Promise<number> {
    const bucket = this.bucketOf(provider, ownKey);
    if (!bucket) return Number.POSITIVE_INFINITY;
    const state = await this.asked(() => this.store.takePermits({ ...withQueue(bucket), permits: 0 }));
    return bucket.burst - ((state?.fullAfterMs ?? 0) * bucket.refillPerSec) / 1000;
  }

  private bucketOf(provider: string, ownKey?: OwnKey): Bucket | undefined {
    if (ownKey) return this.limiting.enabled ? bucketOfKey(ownKey) : undefined;
    if (!this.registry.all().some(({ name }) => name === provider)) {
      throw new CodedError('not_found', `There is no provider ${JSON.stringify(provider)}.`);
    }
    const rate = this.settings.providers.find(({ name }) => name === provider)?.ratePerSec;
    if (rate === undefined || !this.limiting.enabled) return undefined;
    return { bucket: `provider:${provider}`, burst: Math.max(1, Math.floor(rate)), refillPerSec: rate };
  }

  private async wait(taken: Omit<AcquirePermits, 'timeoutMs'>, ms: number): Promise<void> {
    const { signal, provider, ownKey, permits } = taken;
    try {
      if (ms > 0) await delay(ms, undefined, signal && { signal });
      signal?.throwIfAborted();
    } catch (error) {
      await this.release({ provider, ownKey, ...(permits !== undefined && { permits }) });
      throw new CodedError(
        'client_closed_request',
        'The client hung up before its turn came.',
        {},
        { cause: error },
      );
    }
  }

  /** `undefined` where the buckets cannot be reached and calls go through all the same. */
  private async asked<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (this.limiting.storeFailure === 'closed') throw storeUnavailable(error);
      return undefined;
    }
  }
}

/** It holds a period's worth. */
function bucketOfKey({ id, rate }: OwnKey): Bucket | undefined {
  return (
    rate && { bucket: `provider-key:${id}`, burst: rate.calls, refillPerSec: rate.calls / rate.periodSec }
  );
}

/** A bucket seen with all who may wait at it: else what they hold would be cut off. */
function withQueue(bucket: Bucket): Bucket {
  return { ...bucket, burst: bucket.burst + (bucket.refillPerSec * LONGEST_WAIT_MS) / 1000 };
}

function checkAmounts(permits: number, timeoutMs: number): void {
  const faults = [
    ...(Number.isSafeInteger(permits) && permits > 0
      ? []
      : [{ path: 'permits', message: 'must be a whole number of 1 or more' }]),
    ...(timeoutMs >= 0 && timeoutMs <= LONGEST_WAIT_MS
      ? []
      : [{ path: 'timeoutMs', message: `must be from 0 to ${LONGEST_WAIT_MS}` }]),
  ];
  if (faults.length > 0) throw validationFailed(faults);
}
