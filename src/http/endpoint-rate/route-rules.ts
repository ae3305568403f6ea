import { type ExecutionContext } from '@nestjs/common';

/** A token bucket in the throttler's words: `limit` permits that fill in `ttl` milliseconds. */
export interface Bucket {
  readonly limit: number;
  readonly ttl: number;
}

/** What the throttler found in a route's decorators; `unlimited` is one that it skips. */
export type RouteRule = Bucket | 'unlimited';

/** The rules of the routes that were called so far. They stand in decorators, as numbers, and never change. */
export class RouteRules {
  private readonly rules = new WeakMap<object, WeakMap<object, RouteRule>>();

  of(context: ExecutionContext): RouteRule | undefined {
    return this.rules.get(context.getClass())?.get(context.getHandler());
  }

  /** The first one that is told holds. */
  note(context: ExecutionContext, rule: RouteRule): void {
    const controller = context.getClass();
    const routes = this.rules.get(controller) ?? new WeakMap<object, RouteRule>();
    this.rules.set(controller, routes);
    if (!routes.has(context.getHandler())) routes.set(context.getHandler(), rule);
  }
}
