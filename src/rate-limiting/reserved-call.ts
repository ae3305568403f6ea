import { type Span } from '@opentelemetry/api';

import { type CallContext, currentCallContext } from './call-context.js';
import { traceAsked, traceOutcome } from './call-trace.js';
import { type ReservationId } from './domain/ids.js';
import { LimitExceeded } from './rate-limiting.errors.js';
import { type RateLimitingService } from './rate-limiting.service.js';
import { type Reservation } from './reservation.js';
import { type ReserveInput } from './reserving.js';

/**
 * Reserves for the work in hand: whoever answers the outer request tells the caller which reservation it was.
 * @param span is told what was asked and answered, where the call is traced.
 * @throws LimitExceeded where the call is denied, else as `RateLimitingService.reserve`.
 */
export async function reserveCall(
  service: RateLimitingService,
  input: Omit<ReserveInput, 'id'>,
  context: CallContext = currentCallContext() ?? {},
  span?: Span,
): Promise<Reservation> {
  const id = plannedId(context);
  if (span) traceAsked(span, input);
  const outcome = await service.reserve({ ...input, ...(id && { id }) });
  if (span) traceOutcome(span, outcome);
  if (outcome.kind === 'denied') throw new LimitExceeded(outcome);
  context.reservation = outcome.reservation;
  context.limits = outcome.reservation.limits;
  return outcome.reservation;
}

/** Taken once: a second reservation of the same work has an id of its own. */
function plannedId(context: CallContext): ReservationId | undefined {
  const id = context.nextReservationId;
  if (id !== undefined) context.nextReservationId = undefined;
  return id;
}
