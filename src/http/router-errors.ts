import { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';

import { CodedError } from '../errors.js';

import { sendError } from './problem.filter.js';

/** What Fastify's router refuses before any route is found: a path that is no URL, or far too long. */
export function sendRouterError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const tooLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
  const coded = tooLong
    ? new CodedError('not_found', 'Nothing has an id as long as the one in this path.')
    : new CodedError('validation_failed', 'The path is not a valid URL.', {
        errors: [{ path: 'url', message: 'must be a valid, percent-encoded URL' }],
      });
  reply.header('X-Request-Id', request.id);
  void sendError(request, reply, coded);
}
