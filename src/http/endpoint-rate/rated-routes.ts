import { Injectable, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

import { rateNameOf } from './rate-names.js';

/** As `@SkipThrottle()` writes it for the one throttler that there is. */
const SKIPPED = 'THROTTLER:SKIPdefault';

/** The routes whose requests are counted against an endpoint rate. */
@Injectable()
export class RatedRoutes {
  private readonly scanner = new MetadataScanner();
  private found: readonly string[] | undefined;

  constructor(private readonly discovery: DiscoveryService) {}

  /** As a plan's `endpointRates` name them: `POST /v1/chat/completions` and the others, in the order of their paths. */
  all(): readonly string[] {
    this.found ??= this.find();
    return this.found;
  }

  private find(): string[] {
    const routes = this.discovery
      .getControllers()
      .flatMap(({ metatype }) => (typeof metatype === 'function' ? this.routesOf(metatype) : []));
    const byPath = (one: string, other: string) => (pathFirst(one) < pathFirst(other) ? -1 : 1);
    return [...new Set(routes.map(rateNameOf))].sort(byPath);
  }

  private routesOf(controller: object): string[] {
    const prototype: unknown = Reflect.get(controller, 'prototype');
    if (typeof prototype !== 'object' || Reflect.hasMetadata(SKIPPED, controller)) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler: unknown = prototype && Reflect.get(prototype, name);
      return typeof handler === 'function' ? routesOfHandler(controller, handler) : [];
    });
  }
}

function routesOfHandler(controller: object, handler: object): string[] {
  const method: unknown = Reflect.getMetadata(METHOD_METADATA, handler);
  if (typeof method !== 'number' || Reflect.hasMetadata(SKIPPED, handler)) return [];
  const verb = RequestMethod[method] ?? '';
  return pathsOf(controller).flatMap((base) =>
    pathsOf(handler).map((path) => `${verb} ${joined(base, path)}`),
  );
}

function pathsOf(decorated: object): string[] {
  const path: unknown = Reflect.getMetadata(PATH_METADATA, decorated);
  return [path].flat().filter((one) => typeof one === 'string');
}

function joined(...parts: readonly string[]): string {
  const steps = parts.flatMap((part) => part.split('/')).filter((step) => step !== '');
  return `/${steps.join('/')}`;
}

function pathFirst(route: string): string {
  return `${route.slice(route.indexOf('/'))} ${route}`;
}
