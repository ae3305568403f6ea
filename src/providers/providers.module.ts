import { Logger, Module } from '@nestjs/common';

import { type Settings, SETTINGS } from '../config/index.js';
import { PricingModule } from '../pricing/index.js';
import { RedisConnection } from '../database/index.js';
import { Clock } from '../rate-limiting/index.js';
import { configuredProviders } from './configured-providers.js';
import { ProviderRegistry } from './provider-registry.js';
import { MemoryProviderStates } from './routing/memory-provider-states.js';
import { NoOwnKeys, OwnKeys } from './routing/own-keys.port.js';
import { OwnProviders } from './routing/own-providers.js';
import { ProviderHealth } from './routing/provider-health.js';
import { ProviderPermits } from './routing/provider-permits.js';
import { ProviderRouter } from './routing/provider-router.js';
import { ProviderStates } from './routing/provider-states.js';
import { RedisProviderStates } from './routing/redis-provider-states.store.js';

/** The providers of the settings, the prices of their models, and the router that chooses among them. */
@Module({
  imports: [PricingModule],
  providers: [
    {
      provide: ProviderRegistry,
      inject: [SETTINGS, Clock],
      useFactory: (settings: Settings, clock: Clock) => {
        const { heygen, simulated } = settings;
        const parts = { clock, heygen, simulated };
        const { providers, warnings } = configuredProviders(settings.providers, parts);
        const log = new Logger('Providers');
        for (const warning of warnings) log.warn(warning);
        return new ProviderRegistry(providers, settings.routing.order);
      },
    },
    {
      provide: ProviderStates,
      inject: [RedisConnection, Clock],
      useFactory: ({ client, cluster }: RedisConnection, clock: Clock) => {
        const redis = client ?? cluster;
        return redis ? new RedisProviderStates(redis) : new MemoryProviderStates(clock);
      },
    },
    {
      provide: OwnProviders,
      inject: [SETTINGS, Clock, ProviderRegistry, { token: OwnKeys, optional: true }],
      useFactory: (
        settings: Settings,
        clock: Clock,
        registry: ProviderRegistry,
        keys: OwnKeys = new NoOwnKeys(),
      ) => new OwnProviders({ settings, clock, heygen: settings.heygen, registry, keys }),
    },
    ProviderHealth,
    ProviderPermits,
    ProviderRouter,
  ],
  exports: [ProviderRegistry, OwnProviders, ProviderHealth, ProviderPermits, ProviderRouter, PricingModule],
})
export class ProvidersModule {}
