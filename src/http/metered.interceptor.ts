import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type Observable, tap } from 'rxjs';

import { currentCallContext } from '../rate-limiting/index.js';
import { Clock } from '../rate-limiting/domain/clock.js';

import { setMeteredHeaders } from './limit-headers.js';

/** Sets the headers of every answer that was metered, whichever guarded service it came from. */
@Injectable()
export class MeteredInterceptor implements NestInterceptor {
  constructor(private readonly clock: Clock) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap(() => {
        tellCall(reply, this.clock);
      }),
    );
  }
}

/** For answers that are written by hand, before their first byte. */
export function tellCall(reply: FastifyReply, clock: Clock): void {
  const call = currentCallContext();
  if (!call?.reservation || reply.sent) return;
  const { reservation, limits = [], provider = reservation.estimate.provider } = call;
  setMeteredHeaders(reply, { reservation, limits, provider }, clock.now());
}
