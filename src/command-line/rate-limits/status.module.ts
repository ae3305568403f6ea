import { Module } from '@nestjs/common';

import { ProvidersModule } from '../../providers/index.js';

import { ProviderStandings } from './provider-standings.js';
import { ServersNow } from './servers-now.js';

/** What `ratelimit status` looks at. */
@Module({
  imports: [ProvidersModule],
  providers: [ServersNow, ProviderStandings],
  exports: [ServersNow, ProviderStandings],
})
export class StatusModule {}
