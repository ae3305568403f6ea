import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Logger as Pino } from 'pino';

import { type CallContext, currentCallContext } from '../rate-limiting/index.js';
import { contextOf, openSpan, startOfTiming } from '../telemetry/index.js';

import { countAnswer, countArrival, type EndedRequest } from './http.metrics.js';

/**
 * Sees every request to its end, also where its client leaves before: a line in the log, a figure, a span that its
 * caller's `traceparent` goes on in. Never a query, a body or a header.
 */
export function watchRequests(fastify: FastifyInstance, log: Pino): void {
  const logs = log.isLevelEnabled('info');
  fastify.addHook('onRequest', (request, reply, done) => {
    const startedAt = startOfTiming();
    const call = currentCallContext();
    const open = openSpan(nameOf(request), { kind: SpanKind.SERVER, parent: contextOf(request.headers) });
    countArrival();
    reply.raw.once('close', () => {
      const ended = endOf(request, reply);
      countAnswer(ended, startedAt);
      if (logs) log.info(lineOf(ended, { reply, call, span: open?.span }), 'request');
      if (open) endSpan(open.span, ended, call);
    });
    if (open) open.run(done);
    else done();
  });
}

function nameOf(request: FastifyRequest): string {
  return `${request.method} ${routeOf(request)}`;
}

function routeOf(request: FastifyRequest): string {
  return request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched');
}

function endOf(request: FastifyRequest, reply: FastifyReply): EndedRequest {
  return {
    method: request.method,
    route: routeOf(request),
    status: reply.raw.statusCode,
    // After a 101 the connection is a WebSocket's: nothing is written to the answer.
    aborted: !reply.raw.writableFinished && reply.raw.statusCode !== 101,
  };
}

function lineOf(
  { method, route, status, aborted }: EndedRequest,
  seen: { reply: FastifyReply; call: CallContext | undefined; span: Span | undefined },
): Record<string, unknown> {
  const usageId = seen.call?.reservation?.id;
  const traceId = seen.span?.spanContext().traceId;
  return {
    requestId: seen.reply.request.id,
    method,
    route,
    status,
    ms: Math.round(seen.reply.elapsedTime * 10) / 10,
    ...(aborted && { aborted }),
    ...(usageId !== undefined && { usageId }),
    ...(traceId !== undefined && { traceId }),
  };
}

function endSpan(span: Span, { method, route, status, aborted }: EndedRequest, call?: CallContext): void {
  span.setAttributes({
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    ...(aborted && { 'cuota.aborted': true }),
    ...(call?.requestId !== undefined && { 'cuota.request_id': call.requestId }),
    ...(call?.reservation && { 'cuota.usage_id': call.reservation.id }),
  });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
