import { type ErrorCode } from '../../errors.js';

/** How a session comes to its end. */
export const ENDINGS = {
  /** The client left. */
  closed: { code: 1000, reason: 'closed' },
  shutdown: { code: 1001, reason: 'the server shuts down' },
  unauthorized: { code: 1008, reason: 'the credential is no longer good' },
  upstream_lost: { code: 1011, reason: 'the provider was lost' },
  /** The code of all that is a 503 to a request: to come again later is what helps. The `error` before it says which. */
  stores_lost: { code: 4503, reason: 'the stores are out of reach' },
  /** It is dropped, and reads no code. */
  unread: { code: 1008, reason: 'the client does not read' },
  expired: { code: 4408, reason: 'the time of the session is over' },
  budget_exceeded: { code: 4429, reason: 'a budget or a quota is used up' },
  circuit_open: { code: 4503, reason: 'the circuit breaker is open' },
} as const;
export type Ending = keyof typeof ENDINGS;

/** After which errors a session cannot go on; after all others it does. */
const ENDED_BY: Partial<Record<ErrorCode, Ending>> = {
  budget_exceeded: 'budget_exceeded',
  quota_exceeded: 'budget_exceeded',
  circuit_open: 'circuit_open',
  unauthorized: 'unauthorized',
};

/** How a session ends that cannot go on after an error of this code, whichever it is. */
export function endingOf(code: ErrorCode): Ending {
  return ENDED_BY[code] ?? (code === 'store_unavailable' ? 'stores_lost' : 'upstream_lost');
}

/** How a session ends after an error of this code; `undefined` where it goes on. */
export function endingAfter(code: ErrorCode): Ending | undefined {
  return ENDED_BY[code];
}
