import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

import { AnsweredBefore } from './answered-before.js';
import { replay } from './recorded-reply.js';

/** Gives the first answer to a request whose Idempotency-Key has one. */
@Catch(AnsweredBefore)
export class ReplayFilter implements ExceptionFilter<AnsweredBefore> {
  catch({ answer }: AnsweredBefore, host: ArgumentsHost): void {
    replay(host.switchToHttp().getResponse<FastifyReply>(), answer);
  }
}
