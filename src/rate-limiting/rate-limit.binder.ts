import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';

import { runGuarded } from './guarded-call.js';
import { type RateLimitedMethod, rateLimitedMethods, type RateLimitOptions } from './rate-limit.decorator.js';
import { RateLimitingService } from './rate-limiting.service.js';

type Method = (this: object, ...args: unknown[]) => unknown;

/**
 * Finds every method that carries @RateLimit and binds it to the service. A decorated method that nobody could bind
 * would run unguarded, so the application does not start with one.
 */
@Injectable()
export class RateLimitBinder implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly service: RateLimitingService,
  ) {}

  onModuleInit(): void {
    const instances = this.singletons();
    const unbound = rateLimitedMethods().filter((method) => this.bind(method, instances) === 0);
    if (unbound.length === 0) return;
    const names = unbound.map(({ owner, name }) => `${owner.constructor.name}.${name}`).join(', ');
    throw new Error(
      `@RateLimit cannot guard ${names}: its class is not a singleton provider of this application. ` +
        'List the class in the providers of a module (not request-scoped, not a controller), or take the decorator off.',
    );
  }

  private singletons(): object[] {
    const instances = new Set<object>();
    // Not controllers: Nest takes their methods for its routes before anything can be bound.
    for (const wrapper of this.discovery.getProviders()) {
      if (!wrapper.isDependencyTreeStatic()) continue;
      const instance: unknown = wrapper.instance;
      if (typeof instance === 'object' && instance !== null) instances.add(instance);
    }
    return [...instances];
  }

  private bind(method: RateLimitedMethod, instances: readonly object[]): number {
    let bound = 0;
    for (const instance of instances) {
      if (!Object.prototype.isPrototypeOf.call(method.owner, instance)) continue;
      const original: unknown = Reflect.get(instance, method.name);
      if (typeof original !== 'function') continue;
      Reflect.defineProperty(instance, method.name, {
        value: this.guard(instance, original as Method, method.options),
        configurable: true,
        writable: true,
      });
      bound++;
    }
    return bound;
  }

  private guard(instance: object, method: Method, options: RateLimitOptions): Method {
    const guarded = (...args: unknown[]) =>
      runGuarded(this.service, options, { args, run: () => method.apply(instance, args) });
    if (method.constructor.name !== 'AsyncGeneratorFunction') return guarded;
    // A generator's caller iterates at once: the call is reserved when the first item is asked for.
    return async function* (...args: unknown[]) {
      yield* (await guarded(...args)) as AsyncIterable<unknown>;
    };
  }
}
