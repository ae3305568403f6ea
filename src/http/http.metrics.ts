import {
  ANSWER_SECONDS,
  counter,
  elapsedSeconds,
  gauge,
  histogram,
  lowestSeen,
  SHORT_SECONDS,
} from '../telemetry/index.js';

const ANSWERED = histogram(
  {
    name: 'http_request_duration_seconds',
    help: 'How long requests took until their last byte, by route and class of status; aborted where the client left before.',
    labels: ['method', 'route', 'status'],
  },
  ANSWER_SECONDS,
);
const IN_FLIGHT = gauge({ name: 'http_requests_in_flight', help: 'Requests that are being answered.' });
const EXCEEDED = counter({
  name: 'rate_limit_exceeded_total',
  help: 'Requests that were refused since their caller asked too often, by endpoint.',
  labels: ['endpoint'],
});
const REMAINING = lowestSeen({
  name: 'rate_limit_remaining',
  help: "The fewest permits left in any caller's bucket, of the requests within the last one to two minutes.",
  labels: ['endpoint'],
});
const CHECKED = histogram(
  {
    name: 'rate_limit_check_duration_seconds',
    help: "How long it took to take a permit of an endpoint's rate.",
    labels: ['endpoint'],
  },
  SHORT_SECONDS,
);
const KEYED = counter({
  name: 'idempotency_requests_total',
  help: 'Requests with an Idempotency-Key: run, replayed, or refused with the code of an error.',
  labels: ['outcome'],
});

/** A request has come. */
export function countArrival(): void {
  IN_FLIGHT.add({}, 1);
}

export interface EndedRequest {
  readonly method: string;
  /** The pattern, never the path: `unmatched` where there is none. */
  readonly route: string;
  readonly status: number;
  readonly aborted: boolean;
}

/** A request was answered, or its client left. */
export function countAnswer({ method, route, status, aborted }: EndedRequest, startedAt: number): void {
  IN_FLIGHT.add({}, -1);
  const statusClass = aborted ? 'aborted' : `${Math.floor(status / 100)}xx`;
  ANSWERED.observe({ method, route, status: statusClass }, elapsedSeconds(startedAt));
}

/** The rate of an endpoint was asked for a permit. */
export function countCheck(
  endpoint: string,
  seen: { readonly exceeded: boolean; readonly remaining: number; readonly startedAt: number },
): void {
  CHECKED.observe({ endpoint }, elapsedSeconds(seen.startedAt));
  REMAINING.note({ endpoint }, Math.max(0, seen.remaining));
  if (seen.exceeded) EXCEEDED.add({ endpoint });
}

/** A request with an Idempotency-Key was let through, answered from what is kept, or refused. */
export function countKeyed(outcome: string): void {
  KEYED.add({ outcome });
}
