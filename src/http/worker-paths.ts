import { type FastifyInstance } from 'fastify';

import { CodedError } from '../errors.js';

import { sendError } from './problem.filter.js';

const PATHS = ['/metrics', '/health/live', '/health/ready'];

/** A worker tells of itself, and takes no calls: they are for the servers. */
export function tellOfWorkerOnly(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (PATHS.includes(request.routeOptions.url ?? '')) {
      done();
      return;
    }
    const detail = `A worker answers ${PATHS.join(', ')} alone; send this to a server.`;
    void sendError(request, reply, new CodedError('not_found', detail));
  });
}
