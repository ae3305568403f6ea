import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';

import { type CodedError } from '../errors.js';
import { Clock } from '../rate-limiting/domain/clock.js';
import { LimitExceeded } from '../rate-limiting/index.js';

import { codedErrorOf } from './coded-error.js';
import { setLimitHeaders } from './limit-headers.js';
import { isOpenAiPath } from './openai-path.js';
import { openAiErrorBody, problemBody, PROBLEMS, retryAfterSeconds } from './problem.js';

/** Where a wait is longer than this, trying again by itself will not help a client. */
const WORTH_RETRYING_SEC = 60;

/** Every error leaves through here: problem+json on our endpoints, OpenAI's shape on `/v1`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly clock: Clock) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = codedErrorOf(thrown);
    if (error.code === 'internal_error')
      this.logger.error({ err: error.cause ?? error }, 'A request failed on our side.');
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (error.code === 'unauthorized') reply.header('WWW-Authenticate', 'Bearer');
    setRetryHeaders(reply, error);
    if (error instanceof LimitExceeded) setLimitHeaders(reply, error.toldLimits, this.clock.now());
    void sendError(request, reply, error);
  }
}

/** Sends an error in the shape of where it lies. */
export function sendError(request: FastifyRequest, reply: FastifyReply, error: CodedError) {
  const { status } = PROBLEMS[error.code];
  const path = request.url.split('?')[0] ?? request.url;
  if (isOpenAiPath(path)) return reply.status(status).send(openAiErrorBody(error));
  return reply.status(status).type('application/problem+json').send(problemBody(error, path));
}

function setRetryHeaders(reply: FastifyReply, error: CodedError): void {
  // OpenAI's clients try a 409 again by themselves.
  if (error.code === 'conflict') reply.header('X-Should-Retry', 'false');
  const seconds = retryAfterSeconds(error);
  if (seconds === undefined) return;
  reply.header('Retry-After', seconds);
  if (seconds > WORTH_RETRYING_SEC) reply.header('X-Should-Retry', 'false');
}
