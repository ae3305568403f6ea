import { createHash } from 'node:crypto';

import { type FastifyRequest } from 'fastify';

import { validationFailed } from '../../errors.js';
import { type ReservationId, type UserId } from '../../rate-limiting/index.js';

/** 1 to 255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** A request that asks to be run once: who asks it, under which key, and what is asked. */
export interface KeyedRequest {
  readonly userId: UserId;
  readonly key: string;
  /** `POST /v1/chat/completions`. */
  readonly route: string;
  /** Of the body as it was understood, of the workspace and workflow, and of whether a stream was asked for. */
  readonly hash: string;
}

/** An answer as it is given again. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a run ended that was charged: its answer is kept, or was too large to keep, or never got out whole. */
export type RunEnd =
  | { readonly state: 'answered'; readonly answer: KeptAnswer }
  | { readonly state: 'unkept' }
  | { readonly state: 'lost' };

/** Who has a key. */
export type KeyHolder = {
  readonly route: string;
  readonly hash: string;
  readonly usageId: ReservationId;
} & (RunEnd | { readonly state: 'running'; readonly abandoned: boolean });

/** @throws CodedError `validation_failed` where the key is none. */
export function keyedRequestOf(request: FastifyRequest, userId: UserId, key: string): KeyedRequest {
  if (!KEY.test(key))
    throw validationFailed([
      { path: 'Idempotency-Key', message: 'must be one value of 1 to 255 visible ASCII characters' },
    ]);
  const route = `${request.method} ${request.routeOptions.url ?? request.url}`;
  return { userId, key, route, hash: hashOf(request) };
}

function hashOf(request: FastifyRequest): string {
  const { headers, url, body } = request;
  const streamed = headers.accept?.includes('text/event-stream') ?? false;
  const charged = [headers['x-workspace-id'] ?? null, headers['x-workflow-id'] ?? null];
  const asked = JSON.stringify([streamed, charged, url, body ?? null]);
  return createHash('sha256').update(asked).digest('base64url');
}
