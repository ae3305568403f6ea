import { type FastifyInstance, type FastifyReply } from 'fastify';

import { type Clock } from '../rate-limiting/domain/clock.js';
import { currentCallContext } from '../rate-limiting/index.js';

import { setMeteredHeaders } from './limit-headers.js';

const TOLD = Symbol('the metered call was told of');

type MeteredReply = FastifyReply & { [TOLD]?: true };

/**
 * Sets the headers of every answer that was metered, whichever guarded service it came from. A hook, since an
 * interceptor for all routes costs each of them more than their limits do; an error tells of its call by itself.
 */
export function tellCalls(fastify: FastifyInstance, clock: Clock): void {
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (reply.statusCode < 400) tellCall(reply, clock);
    done();
  });
}

/** For answers that are written by hand, before their first byte. */
export function tellCall(reply: MeteredReply, clock: Clock): void {
  const call = currentCallContext();
  if (!call?.reservation || reply[TOLD] || reply.raw.headersSent) return;
  reply[TOLD] = true;
  const { reservation, limits = [], provider = reservation.estimate.provider } = call;
  // A job is answered before it is known who will do it.
  setMeteredHeaders(reply, { reservation, limits, ...(provider !== '' && { provider }) }, clock.now());
}
