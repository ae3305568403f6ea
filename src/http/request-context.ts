import { randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';

import { type FastifyInstance } from 'fastify';

import { type CallContext, runInCallContext } from '../rate-limiting/index.js';

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The client's own request id where it is harmless, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
}

/**
 * Gives every request its call context: whom to charge, which reservation, and a signal that is aborted when the
 * client hangs up before its answer is complete.
 */
export function carryCallContext(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const hangUp = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) hangUp.abort();
    });
    const context: CallContext = { requestId: request.id, signal: hangUp.signal };
    reply.header('X-Request-Id', request.id);
    runInCallContext(context, done);
  });
}
