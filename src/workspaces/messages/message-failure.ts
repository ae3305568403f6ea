import { CodedError, type ErrorCode } from '../../errors.js';
import { LimitExceeded } from '../../rate-limiting/index.js';
import { storable } from '../../storable-text.js';

import { type MessageFault } from './message.entity.js';

/** What is done with a message whose run came to nothing. */
export type NextStep =
  /** It will not do better another time. */
  | { readonly kind: 'fail'; readonly fault: MessageFault }
  /** It was a try, and may do better the next time. */
  | { readonly kind: 'retry'; readonly fault: MessageFault; readonly waitMs: number }
  /** It had not its turn yet: that was no try. */
  | { readonly kind: 'wait'; readonly fault: MessageFault; readonly waitMs: number };

/** How patient one is with a message. */
export interface Patience {
  /** Tries so far, the one that has just failed among them. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** After the first try; doubled with each. */
  readonly retryDelayMs: number;
  /** It has waited so long in all that it is not to wait any more. */
  readonly tooOld: boolean;
}

/** Our own stop: nobody's fault. */
const STOPPED: ErrorCode = 'client_closed_request';
/** These pass by themselves, and nobody was asked. */
const PASSING: readonly ErrorCode[] = ['store_unavailable', 'circuit_open'];
/** The message's own fault, or its publisher's. */
const FINAL: readonly ErrorCode[] = [
  'validation_failed',
  'not_found',
  'forbidden',
  'unauthorized',
  'payload_too_large',
];
/** Nobody was there to do it: it rests, or our permits are spent, or its own are, or the operator has mislaid what opens its key. */
const NO_TURN: readonly unknown[] = ['cooling_down', 'no_permits', 'rate_limited', 'key_unreadable'];

const LONGEST_RETRY_MS = 60_000;
const SHORTEST_WAIT_MS = 250;
/** A wait is cut short so that what has changed meanwhile is seen. */
const LONGEST_WAIT_MS = 60_000;
/** A quota whose room returns so soon is waited for. */
const SOON_MS = 60_000;
/** While calls in flight hold more than they will use. */
const IN_FLIGHT_MS = 1_000;

/** Decides by what a run threw. Pure. */
export function stepAfter(error: unknown, patience: Patience): NextStep {
  const fault = faultOf(error);
  if (error instanceof CodedError) {
    if (error.code === STOPPED) return { kind: 'wait', fault, waitMs: 0 };
    if (FINAL.includes(error.code)) return { kind: 'fail', fault };
    const waitMs = waitOf(error);
    if (waitMs !== undefined && !patience.tooOld) return { kind: 'wait', fault, waitMs: bounded(waitMs) };
    if (error instanceof LimitExceeded) return { kind: 'fail', fault };
  }
  return afterTry(fault, patience);
}

/** Decides after a try that came to nothing. Pure. */
export function afterTry(fault: MessageFault, { attempts, maxAttempts, retryDelayMs }: Patience): NextStep {
  if (attempts >= maxAttempts) return { kind: 'fail', fault };
  const waitMs = Math.min(LONGEST_RETRY_MS, retryDelayMs * 2 ** Math.min(attempts - 1, 20));
  return { kind: 'retry', fault, waitMs };
}

/** What is told of an error. */
export function faultOf(error: unknown): MessageFault {
  if (!(error instanceof CodedError)) {
    return { code: 'internal_error', message: 'The fault is ours and is in the log under this id.' };
  }
  const { code, message, members } = error;
  return {
    code,
    message: storable(message),
    ...(error instanceof LimitExceeded && { limits: members.limits }),
  };
}

function waitOf(error: CodedError): number | undefined {
  if (error instanceof LimitExceeded) return quotaWaitOf(error);
  const { retryAfterMs, attempts } = error.members;
  const told = typeof retryAfterMs === 'number' ? retryAfterMs : 0;
  if (PASSING.includes(error.code)) return told;
  if (error.code !== 'providers_exhausted' || !Array.isArray(attempts)) return undefined;
  return attempts.every((attempt) => NO_TURN.includes(reasonOf(attempt))) ? told : undefined;
}

/**
 * Calls in flight hold what they may use at most, and give most of it back: as long as some of each limit is only held, room
 * may be there in a moment.
 */
function quotaWaitOf({ denial }: LimitExceeded): number | undefined {
  if (denial.limits.every(({ reserved }) => reserved > 0)) return IN_FLIGHT_MS;
  return denial.retryAfterMs <= SOON_MS ? denial.retryAfterMs : undefined;
}

function reasonOf(attempt: unknown): unknown {
  return typeof attempt === 'object' && attempt !== null && 'reason' in attempt ? attempt.reason : undefined;
}

function bounded(waitMs: number): number {
  return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, waitMs));
}
