import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { ApiProblems, Roles, type Shown } from '../../identity/index.js';
import { ProviderHealth, ProviderPermits, ProviderRegistry } from '../../providers/index.js';
import { Clock } from '../../rate-limiting/index.js';

import { ProvidersPage, providerView } from './provider.view.js';

@ApiTags('admin: providers')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/providers')
export class ProvidersController {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly health: ProviderHealth,
    private readonly permits: ProviderPermits,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'How the providers stand',
    description: 'In the order of preference: who cools down and until when, permits, latency, models.',
  })
  @ApiOkResponse({ type: ProvidersPage })
  @ApiProblems(401, 403)
  async list(): Promise<Shown<ProvidersPage>> {
    const providers = this.registry.all();
    const states = await this.health.of(providers.map(({ name }) => name));
    const views = providers.map(async (provider, at) => {
      const { name } = provider;
      const permits = await this.permits.status(name);
      const state = states[at];
      if (!state) return [];
      return [providerView({ name, state, permits, models: provider.models() }, this.clock.now())];
    });
    return { items: (await Promise.all(views)).flat(), nextCursor: null };
  }
}
