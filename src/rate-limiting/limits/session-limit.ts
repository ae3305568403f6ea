import { type Counter } from '../domain/limit.js';
import { timeOf } from '../reservation-ids.js';

export const SESSION_LIMIT = 'session.cost';

/** What one realtime session may cost, and how long one may last. */
export interface SessionTerms {
  /** 0 is unlimited. */
  readonly maxNanoUsd: number;
  readonly maxMs: number;
}

/**
 * The counter of a session's money. Its window is the session itself: it begins with the instant in the session's id, a
 * UUIDv7, and room never returns in it.
 */
export function sessionCounter(sessionId: string, { maxNanoUsd, maxMs }: SessionTerms): Counter {
  const startsAtMs = timeOf(sessionId);
  return {
    subject: { kind: 'session', id: sessionId },
    window: { kind: 'session', name: 'session', startsAtMs, resetsAtMs: startsAtMs + maxMs },
    limits: [{ name: SESSION_LIMIT, unit: 'cost', max: maxNanoUsd, enforcement: 'hard' }],
  };
}
