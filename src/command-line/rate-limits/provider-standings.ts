import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import {
  type ModelProvider,
  type PermitsStatus,
  ProviderHealth,
  ProviderPermits,
  ProviderRegistry,
  type ProviderState,
} from '../../providers/index.js';
import { Clock } from '../../rate-limiting/index.js';

/** A provider as it is set, and as it stands; nulls of the latter are what only the server knows. */
export interface ProviderShown {
  readonly name: string;
  readonly baseUrl: string | null;
  readonly models: readonly string[];
  /** Requests a second that it is sent at most; null where nothing limits them. */
  readonly ratePerSec: number | null;
  readonly maxPermits: number | null;
  readonly availablePermits: number | null;
  readonly state: ProviderState['standing'] | null;
  /** Until when it cools down. */
  readonly until: string | null;
}

interface StandingNow {
  readonly state?: ProviderState | undefined;
  readonly permits?: PermitsStatus;
}

/** Looks at the providers, in the order of preference. */
@Injectable()
export class ProviderStandings {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly health: ProviderHealth,
    private readonly permits: ProviderPermits,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @param shared whether how they stand is in a Redis that answers; else it is in the server's memory. */
  async look(shared: boolean): Promise<ProviderShown[]> {
    const all = this.registry.all();
    if (!shared) return all.map((provider) => this.shown(provider));
    const states = await this.health.of(all.map(({ name }) => name));
    return Promise.all(
      all.map(async (provider, at) =>
        this.shown(provider, { state: states[at], permits: await this.permits.status(provider.name) }),
      ),
    );
  }

  private shown(provider: ModelProvider, { state, permits }: StandingNow = {}): ProviderShown {
    const { name, baseUrl = null } = provider;
    const { maxPermits = null, availablePermits = null } = permits ?? {};
    return {
      name,
      baseUrl,
      models: provider.models().map((model) => model.alias ?? model.name),
      ratePerSec: this.settings.providers.find((one) => one.name === name)?.ratePerSec ?? null,
      maxPermits,
      availablePermits,
      state: state?.standing ?? null,
      until: this.restsUntil(state),
    };
  }

  private restsUntil(state: ProviderState | undefined): string | null {
    if (state?.standing !== 'cooling_down') return null;
    return new Date(this.clock.now() + state.restMs).toISOString();
  }
}
