import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';

import { type FastifyInstance } from 'fastify';

import { type CallContext, type HangUp, runInCallContext } from '../rate-limiting/index.js';

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
    const context: CallContext = { requestId: request.id, hangUp: new ClientHangUp(reply.raw) };
    reply.header('X-Request-Id', request.id);
    runInCallContext(context, done);
  });
}

class ClientHangUp implements HangUp {
  private made: AbortSignal | undefined;

  constructor(private readonly response: ServerResponse) {}

  get signal(): AbortSignal {
    this.made ??= this.watch();
    return this.made;
  }

  private watch(): AbortSignal {
    const { response } = this;
    const gone = new AbortController();
    const onClose = () => {
      if (!response.writableFinished) gone.abort();
    };
    if (response.closed) onClose();
    else response.once('close', onClose);
    return gone.signal;
  }
}
