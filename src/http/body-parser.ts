import { type FastifyInstance } from 'fastify';

/**
 * Bodies are JSON: a body of any other type is a 415. An empty one is none, since some clients send the header without
 * a body. Where there is no path to take it, what it is does not matter: that is the 404 of the path.
 */
export function readJsonOnly(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '' || request.is404) done(null, undefined);
    else void parse(request, body, done);
  });
}
