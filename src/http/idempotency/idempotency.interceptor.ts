import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Observable, of } from 'rxjs';

import { CodedError } from '../../errors.js';
import { type Principal } from '../../identity/index.js';
import {
  currentCallContext,
  RATE_LIMITING_OPTIONS,
  type RateLimitingOptions,
} from '../../rate-limiting/index.js';
import { storeUnavailable } from '../../rate-limiting/index.js';

import { IDEMPOTENT } from './idempotent.decorator.js';
import { IdempotencyKeys, type KeyOutcome } from './idempotency-keys.js';
import { keyedRequestOf } from './keyed-request.js';
import { recordRun, replay } from './recorded-reply.js';

type CallersRequest = FastifyRequest & { principal?: Principal };

/** Lets a request under an Idempotency-Key run once, and answers the others from what is kept. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  private readonly logger = new Logger(IdempotencyInterceptor.name);

  constructor(
    private readonly keys: IdempotencyKeys,
    private readonly reflector: Reflector,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  intercept(
    context: ExecutionContext,
    next: CallHandler,
  ): Observable<unknown> | Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<CallersRequest>();
    const key = request.headers['idempotency-key'];
    if (key === undefined) return next.handle();
    const targets = [context.getHandler(), context.getClass()];
    if (!this.reflector.getAllAndOverride<boolean | undefined>(IDEMPOTENT, targets)) return next.handle();
    return this.once(context, next, String(key));
  }

  private async once(
    context: ExecutionContext,
    next: CallHandler,
    key: string,
  ): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const outcome = await this.begin(http.getRequest<CallersRequest>(), key);
    if (outcome?.kind === 'replay') {
      replay(http.getResponse<FastifyReply>(), outcome.answer);
      return of(undefined);
    }
    if (outcome) recordRun(http.getRequest<CallersRequest>(), outcome.run);
    return next.handle();
  }

  /** @returns nothing where the keys cannot be asked and calls go through all the same. */
  private async begin(request: CallersRequest, key: string): Promise<KeyOutcome | undefined> {
    const call = currentCallContext();
    const { principal } = request;
    if (!call || !principal) throw new Error('An idempotent route was reached without a caller.');
    const keyed = keyedRequestOf(request, principal.userId, key);
    try {
      return await this.keys.begin(keyed, call);
    } catch (error) {
      if (error instanceof CodedError) throw error;
      if (this.options.storeFailure === 'closed') throw storeUnavailable(error);
      this.logger.warn({ err: error }, 'An Idempotency-Key could not be looked up; the call goes through.');
      return undefined;
    }
  }
}
