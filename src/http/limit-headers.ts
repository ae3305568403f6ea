import { type FastifyReply } from 'fastify';

import { type LimitState, remainingOf, resetsAtOf } from '../rate-limiting/domain/limit.js';
import { formatUsd } from '../rate-limiting/domain/money.js';
import { softExceeded } from '../rate-limiting/domain/outcome.js';
import { type Reservation } from '../rate-limiting/index.js';

import { tellOpenAiTokens } from './openai-rate-headers.js';

/** One limit in the terms of the IETF draft on RateLimit header fields: quota, window, left, seconds to room. */
interface HeaderLimit {
  readonly name: string;
  readonly quota: number;
  readonly windowSec: number;
  readonly remaining: number;
  readonly resetSec: number;
}

const TOLD = Symbol('limits told so far');

interface TellingReply extends FastifyReply {
  [TOLD]?: { readonly policy: string; readonly standing: string };
}

const NOTHING_TOLD = { policy: '', standing: '' };

/** A call that was let through, and what its limits stand at now. */
export interface MeteredCall {
  readonly reservation: Reservation;
  readonly limits: readonly LimitState[];
  readonly provider?: string;
}

/** What every metered answer tells: the ledger row it leaves, and its limits. */
export function setMeteredHeaders(reply: FastifyReply, call: MeteredCall, nowMs: number): void {
  reply.header('X-Usage-Id', call.reservation.id);
  if (call.provider !== undefined) reply.header('X-Cuota-Provider', call.provider);
  const exceeded = softExceeded(call.limits);
  if (exceeded.length > 0) reply.header('X-Quota-Exceeded', exceeded.join(', '));
  setLimitHeaders(reply, call.limits, nowMs);
}

/** `X-Quota-*` for the tightest monthly quota, `RateLimit` and `RateLimit-Policy` for every limit met. */
export function setLimitHeaders(reply: FastifyReply, limits: readonly LimitState[], nowMs: number): void {
  const limited = limits.filter(({ max }) => max > 0);
  tellLimits(
    reply,
    limited.map((limit) => headerLimitOf(limit, nowMs)),
  );
  tellOpenAiTokens(reply, limited, nowMs);
  const tightest = limited
    .filter(({ window }) => window.kind === 'month')
    .reduce<LimitState | undefined>(
      (least, next) => (least && share(least) <= share(next) ? least : next),
      undefined,
    );
  if (!tightest) return;
  const amount = (value: number) => (tightest.unit === 'cost' ? formatUsd(value) : String(value));
  reply.header('X-Quota-Limit', amount(tightest.max));
  reply.header('X-Quota-Remaining', amount(remainingOf(tightest)));
  reply.header('X-Quota-Reset', Math.ceil(tightest.window.resetsAtMs / 1000));
}

/** Adds limits to the `RateLimit` fields, after those that were told before. */
export function tellLimits(reply: TellingReply, limits: readonly HeaderLimit[]): void {
  if (limits.length === 0) return;
  let { policy, standing } = reply[TOLD] ?? NOTHING_TOLD;
  for (const { name, quota, windowSec, remaining, resetSec } of limits) {
    const separator = policy === '' ? '' : ', ';
    policy += `${separator}"${name}";q=${quota};w=${windowSec}`;
    standing += `${separator}"${name}";r=${remaining};t=${resetSec}`;
  }
  reply[TOLD] = { policy, standing };
  reply.header('RateLimit-Policy', policy);
  reply.header('RateLimit', standing);
}

function headerLimitOf(limit: LimitState, nowMs: number): HeaderLimit {
  const { startsAtMs, resetsAtMs } = limit.window;
  return {
    name: limit.name,
    quota: limit.max,
    windowSec: Math.round((resetsAtMs - startsAtMs) / 1000),
    remaining: remainingOf(limit),
    resetSec: Math.max(0, Math.ceil((resetsAtOf(limit) - nowMs) / 1000)),
  };
}

function share(limit: LimitState): number {
  return remainingOf(limit) / limit.max;
}
