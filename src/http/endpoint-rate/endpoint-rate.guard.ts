import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  ThrottlerStorage,
} from '@nestjs/throttler';
import { type ThrottlerModuleOptions, type ThrottlerRequest } from '@nestjs/throttler';
import { type FastifyReply, type FastifyRequest } from 'fastify';

import { CodedError } from '../../errors.js';
import { type Principal } from '../../identity/index.js';
import { Clock } from '../../rate-limiting/domain/clock.js';
import { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from '../../rate-limiting/index.js';
import { storeUnavailable } from '../../rate-limiting/index.js';
import { startOfTiming } from '../../telemetry/index.js';
import { countCheck } from '../http.metrics.js';
import { tellLimits } from '../limit-headers.js';
import { tellOpenAiRequests } from '../openai-rate-headers.js';

import { bucketOf } from './endpoint-rate.decorator.js';
import { rateNameOf } from './rate-names.js';
import { type Bucket, RouteRules } from './route-rules.js';

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

const LET_THROUGH = Promise.resolve(true);

type RatedRequest = FastifyRequest & { principal?: Principal };

/** The endpoint rate: one token bucket a caller and route; the plan's rate, else the route's, else the default. */
@Injectable()
export class EndpointRateGuard extends ThrottlerGuard {
  private readonly rules = new RouteRules();

  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly clock: Clock,
    @Inject(RATE_LIMITING_OPTIONS) private readonly limiting: RateLimitingOptions,
  ) {
    super(options, storage, reflector);
  }

  /** The throttler looks a route's rule up; that is remembered, since it costs more than the permit. */
  override canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.limiting.enabled ? this.rules.of(context) : 'unlimited';
    if (rule === 'unlimited') return LET_THROUGH;
    return rule ? this.rate(context, rule) : this.lookUp(context);
  }

  private async lookUp(context: ExecutionContext): Promise<boolean> {
    const goes = await super.canActivate(context);
    this.rules.note(context, 'unlimited');
    return goes;
  }

  protected override handleRequest({ context, limit, ttl }: ThrottlerRequest): Promise<boolean> {
    const rule = { limit, ttl };
    this.rules.note(context, rule);
    return this.rate(context, rule);
  }

  private async rate(context: ExecutionContext, rule: Bucket): Promise<true> {
    const request = context.switchToHttp().getRequest<RatedRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const route = routeOf(request);
    const bucket = planBucket(request.principal, route) ?? rule;
    const startedAt = startOfTiming();
    let record: ThrottlerRecord;
    try {
      const key = `endpoint:${callerOf(request)}:${route}`;
      record = await this.storageService.increment(key, bucket.ttl, bucket.limit, 0, 'default');
    } catch (error) {
      if (this.limiting.storeFailure === 'closed') throw storeUnavailable(error);
      return true;
    }
    countCheck(route, { exceeded: record.isBlocked, remaining: bucket.limit - record.totalHits, startedAt });
    this.tell(reply, bucket, record);
    if (record.isBlocked) throw this.exceeded(bucket, record.timeToBlockExpire);
    return true;
  }

  private tell(
    reply: FastifyReply,
    { limit, ttl }: Bucket,
    record: { totalHits: number; timeToExpire: number },
  ): void {
    const remaining = limit - record.totalHits;
    const perMinute = Math.round((limit * 60_000) / ttl);
    reply.header('X-RateLimit-Limit', perMinute);
    reply.header('X-RateLimit-Remaining', remaining);
    reply.header('X-RateLimit-Reset', Math.ceil(this.clock.now() / 1000) + record.timeToExpire);
    tellOpenAiRequests(reply, { limit: perMinute, remaining, resetSec: record.timeToExpire });
    const windowSec = Math.ceil(ttl / 1000);
    tellLimits(reply, [
      { name: 'endpoint.requests', quota: limit, windowSec, remaining, resetSec: record.timeToExpire },
    ]);
  }

  private exceeded({ limit, ttl }: Bucket, waitSec: number): CodedError {
    const perMinute = Math.round((limit * 60_000) / ttl);
    const resetAt = new Date(this.clock.now() + waitSec * 1000).toISOString();
    return new CodedError(
      'rate_limit_exceeded',
      `endpoint.requests: ${perMinute} requests a minute and ${limit} at once are allowed here. Room returns at ${resetAt}.`,
      {
        limits: [
          {
            name: 'endpoint.requests',
            unit: 'permits',
            window: 'token_bucket',
            max: limit,
            used: limit,
            reserved: 0,
            remaining: 0,
            resetAt,
          },
        ],
        retryAfterMs: waitSec * 1000,
      },
    );
  }
}

function planBucket(principal: Principal | undefined, route: string): Bucket | undefined {
  const plan = principal?.plan;
  const own = plan?.endpointRates[route];
  if (own) return bucketOf(own);
  if (!plan?.requestsPerMinute) return undefined;
  return bucketOf({ requestsPerMinute: plan.requestsPerMinute, burst: plan.burst ?? plan.requestsPerMinute });
}

function routeOf({ method, routeOptions, url }: RatedRequest): string {
  return rateNameOf(`${method} ${routeOptions.url ?? url}`);
}

function callerOf({ principal, ip }: RatedRequest): string {
  // By user, not by key: else a user would multiply the plan's rate with keys.
  return principal ? `user:${principal.userId}` : `ip:${ip}`;
}
