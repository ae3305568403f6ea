import { type Logger } from '@nestjs/common';

import { type LimitState } from './domain/limit.js';
import { softExceeded } from './domain/outcome.js';
import { type Reservation } from './reservation.js';

/** A line in the log for a call that went past soft limits. @param limits as its settlement left them. */
export function tellExcess(logger: Logger, { id, caller }: Reservation, limits: readonly LimitState[]): void {
  const names = softExceeded(limits);
  if (names.length > 0)
    logger.warn({ reservation: id, caller, limits: names }, 'A call went past a soft limit.');
}

/** A line in the log for a call that shadow limits would have denied. */
export function tellShadow(logger: Logger, { id, caller, shadowDenied }: Reservation): void {
  if (shadowDenied.length > 0)
    logger.warn(
      { reservation: id, caller, limits: shadowDenied },
      'A shadow limit would have denied a call.',
    );
}
