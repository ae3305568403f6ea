import { type CanActivate, type ExecutionContext, Inject, Injectable, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyRequest } from 'fastify';

import { CodedError } from '../../errors.js';
import { type Principal } from '../../identity/index.js';
import {
  currentCallContext,
  RATE_LIMITING_OPTIONS,
  type RateLimitingOptions,
} from '../../rate-limiting/index.js';
import { storeUnavailable } from '../../rate-limiting/index.js';

import { countKeyed } from '../http.metrics.js';

import { IDEMPOTENT } from './idempotent.decorator.js';
import { IdempotencyKeys, type KeyOutcome } from './idempotency-keys.js';
import { keyedRequestOf } from './keyed-request.js';
import { AnsweredBefore } from './answered-before.js';
import { recordRun } from './recorded-reply.js';

type CallersRequest = FastifyRequest & { principal?: Principal };

/**
 * Lets a request under an Idempotency-Key run once; the others are answered from what is kept. The last of the guards,
 * since only who was let in has keys.
 */
@Injectable()
export class IdempotencyGuard implements CanActivate {
  private readonly logger = new Logger(IdempotencyGuard.name);

  constructor(
    private readonly keys: IdempotencyKeys,
    private readonly reflector: Reflector,
    @Inject(RATE_LIMITING_OPTIONS) private readonly options: RateLimitingOptions,
  ) {}

  /** @throws AnsweredBefore, which ReplayFilter answers; else CodedError as `IdempotencyKeys.begin` does. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<CallersRequest>();
    const key = request.headers['idempotency-key'];
    if (key === undefined) return true;
    const targets = [context.getHandler(), context.getClass()];
    if (!this.reflector.getAllAndOverride<boolean | undefined>(IDEMPOTENT, targets)) return true;
    return this.once(request, String(key));
  }

  private async once(request: CallersRequest, key: string): Promise<true> {
    const outcome = await this.begin(request, key);
    countKeyed(outcome?.kind ?? 'unkept');
    if (outcome?.kind === 'replay') throw new AnsweredBefore(outcome.answer);
    if (outcome) recordRun(request, outcome.run);
    return true;
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
      if (error instanceof CodedError) {
        countKeyed(error.code);
        throw error;
      }
      if (this.options.storeFailure === 'closed') throw storeUnavailable(error);
      this.logger.warn({ err: error }, 'An Idempotency-Key could not be looked up; the call goes through.');
      return undefined;
    }
  }
}
