import { type FastifyReply } from 'fastify';

import { type LimitState, remainingOf, resetsAtOf } from '../rate-limiting/domain/limit.js';

import { isOpenAiPath } from './openai-path.js';

/** What OpenAI's clients read of a rate, beside our own headers: how many, how many are left, when all are there again. */
interface OpenAiRate {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSec: number;
}

/** `x-ratelimit-…-requests` from the endpoint rate; on `/v1` only. */
export function tellOpenAiRequests(reply: FastifyReply, rate: OpenAiRate): void {
  if (isOpenAiPath(reply.request.url)) tell(reply, 'requests', rate);
}

/** `x-ratelimit-…-tokens` from the limit that leaves the fewest tokens; on `/v1` only. */
export function tellOpenAiTokens(reply: FastifyReply, limits: readonly LimitState[], nowMs: number): void {
  if (!isOpenAiPath(reply.request.url)) return;
  let tightest: LimitState | undefined;
  for (const limit of limits) {
    if (limit.unit !== 'tokens' || limit.max <= 0) continue;
    if (!tightest || remainingOf(limit) < remainingOf(tightest)) tightest = limit;
  }
  if (!tightest) return;
  const resetSec = Math.max(0, Math.ceil((resetsAtOf(tightest) - nowMs) / 1000));
  tell(reply, 'tokens', { limit: tightest.max, remaining: remainingOf(tightest), resetSec });
}

function tell(reply: FastifyReply, what: 'requests' | 'tokens', rate: OpenAiRate): void {
  reply.header(`x-ratelimit-limit-${what}`, rate.limit);
  reply.header(`x-ratelimit-remaining-${what}`, rate.remaining);
  reply.header(`x-ratelimit-reset-${what}`, durationText(rate.resetSec));
}

/** Seconds as OpenAI writes a duration: `1s`, `6m0s`, `26h0m5s`. */
export function durationText(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}
