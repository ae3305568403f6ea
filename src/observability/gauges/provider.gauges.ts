import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import { ProviderHealth, ProviderPermits, ProviderRegistry } from '../../providers/index.js';
import { gauge } from '../../telemetry/index.js';

const PERMITS = gauge({
  name: 'provider_available_tokens',
  help: "Permits left in the bucket of a provider's rate, over all instances; none where it has no rate.",
  labels: ['provider'],
});
const STATE = gauge({
  name: 'provider_state',
  help: '1 for the state that a provider is in, over all instances.',
  labels: ['provider', 'state'],
});
const STATES = ['available', 'cooling_down', 'half_open'] as const;

/** How the providers stand, asked when somebody looks. */
@Injectable()
export class ProviderGauges implements OnModuleInit, OnModuleDestroy {
  private stops: (() => void)[] = [];

  constructor(
    private readonly registry: ProviderRegistry,
    private readonly health: ProviderHealth,
    private readonly permits: ProviderPermits,
  ) {}

  onModuleInit(): void {
    this.stops = [PERMITS.readFrom(() => this.available()), STATE.readFrom(() => this.states())];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
  }

  private async available() {
    const asked = this.names().map(async (provider) => {
      const { availablePermits } = await this.permits.status(provider);
      return availablePermits === null ? [] : [{ labels: { provider }, value: availablePermits }];
    });
    return (await Promise.all(asked)).flat();
  }

  private async states() {
    const names = this.names();
    const states = await this.health.of(names);
    return names.flatMap((provider, at) =>
      STATES.map((state) => ({
        labels: { provider, state },
        value: states[at]?.standing === state ? 1 : 0,
      })),
    );
  }

  private names(): string[] {
    return this.registry.all().map(({ name }) => name);
  }
}
