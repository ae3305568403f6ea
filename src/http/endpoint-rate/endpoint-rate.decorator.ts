import { Throttle } from '@nestjs/throttler';

/** A rate as people say it: so many requests a minute, and how many at once. */
export interface EndpointRateRule {
  readonly requestsPerMinute: number;
  readonly burst: number;
}

/** The route's own default rate, where the caller's plan sets none. */
export function EndpointRate(rule: EndpointRateRule): MethodDecorator & ClassDecorator {
  return Throttle({ default: bucketOf(rule) });
}

/** In the throttler's words: a bucket of `limit` permits that fills in `ttl` milliseconds. */
export function bucketOf({ requestsPerMinute, burst }: EndpointRateRule): { limit: number; ttl: number } {
  return { limit: burst, ttl: (burst * 60_000) / requestsPerMinute };
}
