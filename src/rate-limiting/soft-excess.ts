import { type Logger } from '@nestjs/common';

import { type Reservation } from './reservation.js';

/** A line in the log for a call that went past soft limits, and for one that shadow limits would have denied. */
export function tellExcess(logger: Logger, reservation: Reservation): void {
  const { id, caller, softExceeded, shadowDenied } = reservation;
  if (softExceeded.length > 0)
    logger.warn({ reservation: id, caller, limits: softExceeded }, 'A call went past a soft limit.');
  if (shadowDenied.length > 0)
    logger.warn(
      { reservation: id, caller, limits: shadowDenied },
      'A shadow limit would have denied a call.',
    );
}
