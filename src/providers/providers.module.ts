import { Logger, Module } from '@nestjs/common';

import { type Settings, SETTINGS } from '../config/index.js';
import { PricingModule } from '../pricing/index.js';
import { Clock } from '../rate-limiting/index.js';
import { configuredProviders } from './configured-providers.js';
import { ProviderRegistry } from './provider-registry.js';

/** The providers of the settings, and the prices of their models. */
@Module({
  imports: [PricingModule],
  providers: [
    {
      provide: ProviderRegistry,
      inject: [SETTINGS, Clock],
      useFactory: (settings: Settings, clock: Clock) => {
        const { providers, warnings } = configuredProviders(settings.providers, clock);
        const log = new Logger('Providers');
        for (const warning of warnings) log.warn(warning);
        return new ProviderRegistry(providers, settings.routing.order);
      },
    },
  ],
  exports: [ProviderRegistry, PricingModule],
})
export class ProvidersModule {}
