import { Inject, Injectable } from '@nestjs/common';

import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../../rate-limiting/index.js';

import { type Lease } from './idempotency-key.store.js';

/** How long an answer is given again. */
const KEPT_FOR_MS = 24 * 3_600_000;
/** A key outlives the reservation of its run: when the key is given on, the reservation can be ended first. */
const LONGER_THAN_RESERVATION_MS = 15_000;

/** How long a key is held, and an answer kept. */
@Injectable()
export class KeyLeases {
  constructor(
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: Pick<RateLimitingOptions, 'reservationTtlMs'>,
  ) {}

  from(nowMs: number): Lease {
    const livesUntilMs = nowMs + this.options.reservationTtlMs + LONGER_THAN_RESERVATION_MS;
    return { nowMs, livesUntilMs, expiresAtMs: Math.max(livesUntilMs, nowMs + KEPT_FOR_MS) };
  }
}
