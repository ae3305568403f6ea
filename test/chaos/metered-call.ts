import { ApiClient } from '../support/api-client.js';
import { type Behaviour } from '../support/emulator/behaviour.js';

import { type AppLife } from './deployment.js';
import { type SeededRandom } from './seeded-random.js';
import { type Tenant } from './tenants.js';

/** What the client saw of a call. */
export type Seen =
  /** 200 and all of it: the whole body, or a stream with its last event. */
  | 'answered'
  /** Another status. */
  | 'refused'
  /** 200, but it broke off, or ended in an error event. */
  | 'cut'
  /** The client itself hung up in the middle. */
  | 'left'
  /** Nothing: the connection broke before there was a status. */
  | 'silent';

/** One call of the load, as its client would tell of it. */
export interface CallRecord {
  /** Unique; sent as the workflow's id and inside the prompt, so that ledger and provider know it too. */
  readonly name: string;
  readonly tenant: Tenant;
  readonly life: AppLife;
  readonly kind: Kind;
  readonly behaviour: Behaviour;
  readonly sentAt: number;
  readonly seen: Seen;
  readonly status?: number;
  readonly usageId?: string;
  readonly text: string;
}

const ROUTES = {
  chat: { path: '/v1/chat/completions', stream: false, last: '' },
  'chat stream': { path: '/v1/chat/completions', stream: true, last: 'data: [DONE]' },
  script: { path: '/generate/script', stream: false, last: '' },
  'script stream': { path: '/generate/script', stream: true, last: 'event: script.done' },
  image: { path: '/v1/images/generations', stream: false, last: '' },
  'kept image': { path: '/generate/image', stream: false, last: '' },
} as const;
export type Kind = keyof typeof ROUTES;
const KINDS = Object.keys(ROUTES).filter(isKind);

/** What a client sends, and how the provider takes it. */
export interface CallPlan {
  readonly kind: Kind;
  readonly behaviour: Behaviour;
  /** Hangs up after the first bytes. */
  readonly leaves: boolean;
}

/** Most calls are quick and succeed; some outlast their reservation's deadline, fail, break off or are abandoned. */
export function planCall(random: SeededRandom): CallPlan {
  const kind = random.pick(KINDS);
  const streams = ROUTES[kind].stream;
  const slow = random.chance(0.04);
  const behaviour: Behaviour = {
    outputTokens: random.whole(1, 25),
    delayMs: slow && !streams ? random.whole(2_000, 7_000) : random.whole(0, 300),
    ...(streams && { chunkIntervalMs: slow ? random.whole(200, 350) : random.whole(0, 30) }),
    ...(random.chance(0.1) && { usage: 'none' as const }),
    ...faultOf(random, streams),
  };
  return { kind, behaviour, leaves: streams && random.chance(0.06) };
}

function faultOf(random: SeededRandom, streams: boolean): Behaviour {
  if (random.chance(0.06)) return { status: random.pick([400, 500]) };
  return streams && random.chance(0.08) ? { cutAfterChunks: random.whole(0, 6) } : {};
}

/** A quick chat that succeeds. */
export const PLAIN_CALL: CallPlan = { kind: 'chat', behaviour: { delayMs: 20 }, leaves: false };

/** One that is still at its provider when its process is killed. */
export const LONG_CALL: CallPlan = { kind: 'chat', behaviour: { delayMs: 10_000 }, leaves: false };

/** Makes the call and notes what its client sees. Never throws: a broken connection is what this is about. */
export async function makeCall(
  plan: CallPlan,
  by: { readonly name: string; readonly tenant: Tenant; readonly life: AppLife },
): Promise<CallRecord> {
  const { kind, behaviour } = plan;
  const sentAt = performance.now();
  const seen: { status?: number; usageId?: string; text: string } = { text: '' };
  const end = await send(plan, by, seen).catch(() => 'broken' as const);
  return { ...by, kind, behaviour, sentAt, ...seen, seen: seenOf(plan, end, seen) };
}

async function send(
  { kind, leaves }: CallPlan,
  { name, tenant, life }: { readonly name: string; readonly tenant: Tenant; readonly life: AppLife },
  seen: { status?: number; usageId?: string; text: string },
): Promise<'whole' | 'left'> {
  const { path, stream } = ROUTES[kind];
  const leaving = new AbortController();
  const headers = { 'x-workflow-id': name, ...(stream && { accept: 'text/event-stream' }) };
  const client = new ApiClient(life.process.url, tenant.key);
  const response = await client.open(path, bodyOf(kind, name), { headers, signal: leaving.signal });
  seen.status = response.status;
  const usageId = response.headers.get('x-usage-id');
  if (usageId !== null) seen.usageId = usageId;
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    seen.text += decoder.decode(bytes, { stream: true });
    if (!leaves || response.status !== 200) continue;
    leaving.abort();
    return 'left';
  }
  return 'whole';
}

function seenOf(
  { kind }: CallPlan,
  end: 'whole' | 'left' | 'broken',
  { status, text }: { readonly status?: number; readonly text: string },
): Seen {
  if (status === undefined) return 'silent';
  if (status !== 200) return 'refused';
  if (end === 'left') return 'left';
  // A stream that has its last event is answered, whatever becomes of the connection after it.
  const complete = ROUTES[kind].stream ? text.includes(ROUTES[kind].last) : end === 'whole';
  return complete ? 'answered' : 'cut';
}

function bodyOf(kind: Kind, name: string): Record<string, unknown> {
  switch (kind) {
    case 'chat':
    case 'chat stream':
      return {
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: name }],
        max_tokens: 20,
        stream: ROUTES[kind].stream,
      };
    case 'script':
    case 'script stream':
      return { topic: name, model: 'gpt-4o-mini', durationSeconds: 10 };
    case 'image':
      return { prompt: name, model: 'dall-e-3', size: '1024x1024' };
    case 'kept image':
      return { prompt: name, model: 'dall-e-3', size: '1024x1024' };
  }
}

function isKind(kind: string): kind is Kind {
  return kind in ROUTES;
}
