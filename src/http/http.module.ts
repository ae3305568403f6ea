import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';

import { type Settings, SETTINGS } from '../config/index.js';
import { AccessGuard, AttributionGuard, IdentifyGuard, IdentityModule } from '../identity/index.js';
import { CounterStore } from '../rate-limiting/index.js';

import { BucketThrottlerStorage } from './endpoint-rate/bucket-throttler.storage.js';
import { bucketOf } from './endpoint-rate/endpoint-rate.decorator.js';
import { EndpointRateGuard } from './endpoint-rate/endpoint-rate.guard.js';
import { HealthController } from './health.controller.js';
import { AbandonedRuns } from './idempotency/abandoned-runs.js';
import { IdempotencyKeyStore } from './idempotency/idempotency-key.store.js';
import { IdempotencyKeys } from './idempotency/idempotency-keys.js';
import { IdempotencyGuard } from './idempotency/idempotency.guard.js';
import { KeyLeases } from './idempotency/key-leases.js';
import { ReplayFilter } from './idempotency/replay.filter.js';
import { ProblemFilter } from './problem.filter.js';

/**
 * The edge: every request is identified, then counted against its endpoint's rate, then let in or refused. In this
 * order, so that a wrong key is held back by its address's rate, and a 401 tells that rate too.
 */
@Module({
  imports: [
    IdentityModule,
    ThrottlerModule.forRootAsync({
      inject: [SETTINGS, CounterStore],
      useFactory: ({ rateLimiting }: Settings, store: CounterStore) => ({
        throttlers: [
          bucketOf({
            requestsPerMinute: rateLimiting.defaultRatePerMinute,
            burst: rateLimiting.defaultBurst,
          }),
        ],
        storage: new BucketThrottlerStorage(store),
      }),
    }),
  ],
  controllers: [HealthController],
  providers: [
    { provide: APP_GUARD, useExisting: IdentifyGuard },
    { provide: APP_GUARD, useClass: EndpointRateGuard },
    { provide: APP_GUARD, useExisting: AccessGuard },
    // Its memberships are told by a module below this one.
    { provide: APP_GUARD, useClass: AttributionGuard },
    { provide: APP_GUARD, useClass: IdempotencyGuard },
    AbandonedRuns,
    IdempotencyKeys,
    IdempotencyKeyStore,
    KeyLeases,
    // The more particular one last: Nest asks it first.
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_FILTER, useClass: ReplayFilter },
  ],
})
export class HttpModule {}
