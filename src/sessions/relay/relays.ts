import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { PriceTable } from '../../pricing/index.js';
import { type Candidate, lacks, priceAt, ProviderPermits, ProviderRouter } from '../../providers/index.js';
import { currentCallContext, RateLimitingService } from '../../rate-limiting/index.js';

import { type Authorize, type Session, type Talk } from '../session.js';

import { RelayTalk } from './relay-talk.js';
import { ResponseHolds } from './response-holds.js';
import { ResponsePermits } from './response-permits.js';
import { TokenEstimate } from './token-estimate.js';
import { Upstream } from './upstream.js';

/** A session at its provider, and which one that is. */
export interface Connected {
  readonly candidate: Candidate;
  readonly upstream: Upstream;
}

/** Talks with realtime models, at a provider that has them. */
@Injectable()
export class Relays {
  constructor(
    private readonly router: ProviderRouter,
    private readonly permits: ProviderPermits,
    private readonly limiting: RateLimitingService,
    private readonly prices: PriceTable,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Who holds sessions with a model, for the workspace of the call in hand; nobody for a model that is no realtime one. */
  async find(model: string | undefined): Promise<readonly Candidate[]> {
    return model === undefined ? [] : this.router.realtime(model);
  }

  /**
   * Opens a session at one of them, routed as every call is.
   * @throws CodedError `provider_failed`, `providers_exhausted` … where nobody takes it.
   */
  connect(candidates: readonly Candidate[]): Promise<Connected> {
    const signal = currentCallContext()?.hangUp?.signal ?? new AbortController().signal;
    const priced = candidates.filter((candidate) => priceAt(this.prices, candidate) !== undefined);
    return this.router.executeWithFailover<Connected, Candidate>({
      operation: 'llm_call',
      measure: 'llm_call.realtime',
      // Without a price a session is refused, so that whoever has one goes first.
      candidates: priced.length > 0 ? priced : candidates,
      signal,
      run: (candidate) => opened(candidate, signal),
    });
  }

  talkIn(session: Session, { candidate, upstream }: Connected, authorize: Authorize): Talk {
    const { rateLimiting, routing } = this.settings;
    const price = priceAt(this.prices, candidate);
    const { caller } = session.facts;
    const { minOutputTokens } = rateLimiting;
    const estimate = new TokenEstimate(candidate.model.name);
    const hadSound = () => estimate.hadSound;
    return new RelayTalk(session, upstream, {
      holds: new ResponseHolds(this.limiting, { ...candidate, price, caller, minOutputTokens, hadSound }),
      permits: new ResponsePermits(this.permits, candidate, routing.permitWaitMs),
      estimate,
      authorize,
    });
  }
}

async function opened(candidate: Candidate, signal: AbortSignal): Promise<Connected> {
  const { provider, model } = candidate;
  const opening = provider.realtime?.({ model: model.name, signal });
  if (!opening) return lacks(provider, 'realtime sessions');
  // Before it is open: it may speak at once.
  const upstream = new Upstream(opening.socket);
  await opening.opened;
  return { candidate, upstream };
}
