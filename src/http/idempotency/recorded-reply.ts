import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import { definedHeaders } from '../reply-headers.js';

import { type LeavingAnswer, type RecordedRun } from './key-run.js';
import { type KeptAnswer } from './keyed-request.js';

const RUN = Symbol('the run under an Idempotency-Key');

type RecordedRequest = FastifyRequest & { [RUN]?: RecordedRun };

/** What of an answer's headers is given again; the others are the retry's own. */
const KEPT_HEADERS = [
  'content-type',
  'location',
  'x-usage-id',
  'x-cuota-provider',
  'x-quota-exceeded',
  'x-quota-limit',
  'x-quota-remaining',
  'x-quota-reset',
];

/** From now on the request's answer is recorded. */
export function recordRun(request: RecordedRequest, run: RecordedRun): void {
  request[RUN] = run;
}

/** The run whose answer is recorded; none for a request without a key. */
export function runOf(request: RecordedRequest): RecordedRun | undefined {
  return request[RUN];
}

/** Keeps plain answers before they go out: who has seen one can ask for it again. */
export function recordAnswers(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const run = runOf(request);
    if (!run) {
      done();
      return;
    }
    void run.answered(leavingAnswer(reply), payload).then(() => {
      done();
    });
  });
}

export function leavingAnswer(reply: FastifyReply): LeavingAnswer {
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  return { status: reply.statusCode, headers };
}

/** Gives an answer again, a stream's events all at once. */
export function replay(reply: FastifyReply, { status, headers, body }: KeptAnswer): void {
  reply.hijack();
  reply.raw.writeHead(status, {
    ...definedHeaders(reply),
    ...headers,
    'content-length': Buffer.byteLength(body),
    'idempotent-replayed': 'true',
  });
  reply.raw.end(body);
}
