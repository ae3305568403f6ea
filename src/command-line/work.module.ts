import { randomBytes } from 'node:crypto';

import { type DynamicModule, type INestApplication, type LoggerService, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import { ConfigModule, type Settings } from '../config/index.js';
import { DatabaseModule } from '../database/index.js';
import { IdentityModule } from '../identity/index.js';
import { limitingOptions } from '../limiting-options.js';
import { PeriodsModule } from '../periods/index.js';
import { RateLimitingModule, SystemClock } from '../rate-limiting/index.js';
import { UsageModule } from '../usage/index.js';

import { CurrentUsage } from './quotas/current-usage.js';
import { UserFinder } from './accounts/user.finder.js';
import { type Place } from './place.js';

export interface WorkInput {
  readonly settings: Settings;
  readonly place: Place<unknown>;
  readonly log: LoggerService;
}

/** What commands work with: the services of the HTTP side, on the same stores. */
@Module({})
export class WorkModule {
  static for(settings: Settings, { desk, modules = [] }: Place<unknown>): DynamicModule {
    const limiting = { ...limitingOptions(settings), observing: true };
    return {
      module: WorkModule,
      imports: [
        ConfigModule.forRoot(settings, 'command'),
        DatabaseModule,
        RateLimitingModule.forRoot(limiting, new SystemClock()),
        IdentityModule,
        UsageModule,
        PeriodsModule,
        ...modules,
      ],
      providers: [UserFinder, CurrentUsage, desk],
    };
  }
}

/**
 * Wires the application and does not start it. Nest calls the hooks in which a server begins to work by itself (the
 * sweeper, jobs, the first admin, timers) when an application is initialised: this one never is, so a command does
 * what it was asked for and nothing else. Closing it closes the stores.
 */
export function openWork({ settings, place, log }: WorkInput): Promise<INestApplication> {
  return NestFactory.create(WorkModule.for(withoutTokens(settings), place), new FastifyAdapter(), {
    logger: log,
    abortOnError: false,
  });
}

/** A command issues no tokens: it must not be the one that makes the file with their secret, perhaps as another user. */
function withoutTokens(settings: Settings): Settings {
  const { jwtSecret = randomBytes(32).toString('hex') } = settings.auth;
  return { ...settings, auth: { ...settings.auth, jwtSecret } };
}
