import { Inject, Injectable, Logger } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import { type ProviderError } from '../provider-error.js';

import { FAILURE_RULES, restAfter } from './failure-rules.js';
import { LatencyNotes } from './latency-notes.js';
import { type ProbeAnswer, type ProviderState, ProviderStates } from './provider-states.js';

const WELL: ProviderState = { standing: 'available', restMs: 0, lastFailure: undefined, latencies: {} };

/** A provider of this process has no time limit of its own; one that is asked for a probe has as long as this. */
const UNTIMED_MS = 60_000;
/** What a probe may take beside the call itself and the wait for its permits. */
const AROUND_A_CALL_MS = 5_000;

/**
 * Which providers rest, which are well, and how fast they are, over all instances. What cannot be known (Redis is away)
 * keeps nobody from being asked: no call fails here.
 */
@Injectable()
export class ProviderHealth {
  private readonly logger = new Logger('Providers');
  private readonly latencies: LatencyNotes;
  private tellTroubleAt = 0;

  constructor(
    private readonly states: ProviderStates,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.latencies = new LatencyNotes(states, this.trouble);
  }

  /** How providers stand, in the order asked. */
  async of(providers: readonly string[]): Promise<ProviderState[]> {
    try {
      return await this.states.read(providers);
    } catch (error) {
      this.trouble(error);
      return providers.map(() => WELL);
    }
  }

  /** Asks for the one probe of a provider that rested; `early` also of one that still does, unless it named a time. */
  async probe(place: string, early: boolean, provider = place): Promise<ProbeAnswer> {
    const { providers, routing } = this.settings;
    const timeoutMs = providers.find(({ name }) => name === provider)?.timeoutMs ?? UNTIMED_MS;
    const leaseMs = timeoutMs + routing.permitWaitMs + AROUND_A_CALL_MS;
    try {
      return await this.states.probe(place, { leaseMs, early });
    } catch (error) {
      this.trouble(error);
      return 'available';
    }
  }

  /** A probe has ended: the provider answered, or nothing is known of it. */
  async endProbe(provider: string, answered: boolean): Promise<void> {
    await this.states.endProbe(provider, answered).catch(this.trouble);
  }

  /** Lets a provider that failed rest, or the own key at it, and says so. @returns for how long, in ms */
  async failed(error: ProviderError, place = error.provider): Promise<number> {
    const { provider, reason, status } = error;
    const restMs = restAfter(error, this.settings.routing.cooldownSec * 1000);
    const { strict, cooldowns } = FAILURE_RULES[reason];
    const told = { provider, place, reason, status, restMs };
    if (reason === 'auth' && place === provider)
      this.logger.error(told, `${error.message}: it does not accept our key.`);
    else this.logger.warn(told, error.message);
    if (cooldowns > 0) await this.states.rest(place, { reason, restMs, strict }).catch(this.trouble);
    return restMs;
  }

  /** How long a provider took. Nobody waits for it to be written. */
  took(provider: string, measure: string, ms: number): void {
    this.latencies.add(provider, measure, ms);
  }

  /** Said once a second: a store that is away is met by every call. */
  private readonly trouble = (error: unknown): void => {
    const now = performance.now();
    if (now < this.tellTroubleAt) return;
    this.tellTroubleAt = now + 1_000;
    this.logger.warn(
      { err: error },
      'The health of the providers cannot be shared; they are taken for well.',
    );
  };
}
