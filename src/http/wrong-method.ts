import { type FastifyInstance } from 'fastify';

import { CodedError } from '../errors.js';

import { sendError } from './problem.filter.js';

/** What a preflight asks about is no method of a route. */
const TOLD_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

interface Route {
  readonly path: RegExp;
  readonly methods: readonly string[];
}

/** A path that is there for other methods is a 405 that names them; one that is not there at all stays a 404. */
export function refuseWrongMethods(fastify: FastifyInstance): void {
  const routes: Route[] = [];
  fastify.addHook('onRoute', ({ url, method }) => {
    if (url === '*' || url === '/*') return;
    const methods = [method].flat().filter((name) => TOLD_METHODS.includes(name));
    routes.push({ path: patternOf(url), methods });
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) {
      done();
      return;
    }
    const path = request.url.split('?')[0] ?? '';
    const here = routes.filter((route) => route.path.test(path)).flatMap(({ methods }) => methods);
    const allowed = [...new Set(here)].filter((method) => method !== request.method);
    if (allowed.length === 0) {
      done();
      return;
    }
    const detail = `${path} takes ${allowed.join(', ')}, and no ${request.method}.`;
    reply.header('Allow', allowed.join(', '));
    void sendError(request, reply, new CodedError('method_not_allowed', detail));
  });
}

/** A route's pattern as Fastify has it: `:name` is one part of a path, `*` all that follows. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.+';
    return part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join('/')}/?$`);
}
