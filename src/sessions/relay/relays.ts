import { once } from 'node:events';

import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { CodedError } from '../../errors.js';
import { PriceTable } from '../../pricing/index.js';
import { type Candidate, OwnProviders, priceAt } from '../../providers/index.js';
import { RateLimitingService } from '../../rate-limiting/index.js';

import { type Session, type Talk } from '../session.js';

import { TokenEstimate } from './realtime-usage.js';
import { RelayTalk } from './relay-talk.js';
import { ResponseHolds } from './response-holds.js';
import { Upstream } from './upstream.js';

/** Talks with realtime models, at the provider that has them. */
@Injectable()
export class Relays {
  constructor(
    private readonly own: OwnProviders,
    private readonly limiting: RateLimitingService,
    private readonly prices: PriceTable,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Who holds sessions with a model, for the workspace of the call in hand; `undefined` for a model that is no realtime one. */
  async find(model: string | undefined): Promise<Candidate | undefined> {
    return model === undefined ? undefined : (await this.own.registry()).realtime(model);
  }

  /** @throws CodedError `provider_failed` where the provider does not take the session. */
  async connect({ provider, model }: Candidate): Promise<Upstream> {
    const socket = provider.realtime?.(model.name);
    if (!socket) throw new Error(`${provider.name} was found for realtime sessions and has none.`);
    const upstream = new Upstream(socket);
    try {
      await once(socket, 'open');
      return upstream;
    } catch {
      // Whatever it said stays here: it may name the operator's account.
      throw new CodedError('provider_failed', `${provider.name} did not open a session with ${model.name}.`, {
        attempts: [{ provider: provider.name, reason: 'failed' }],
      });
    }
  }

  talkIn(
    session: Session,
    candidate: Candidate,
    { upstream, authorize }: { readonly upstream: Upstream; readonly authorize: () => Promise<void> },
  ): Talk {
    const { minOutputTokens } = this.settings.rateLimiting;
    const price = priceAt(this.prices, candidate);
    const { caller } = session.facts;
    const holds = new ResponseHolds(this.limiting, { ...candidate, price, caller, minOutputTokens });
    return new RelayTalk(session, upstream, {
      holds,
      estimate: new TokenEstimate(candidate.model.name),
      authorize,
    });
  }
}
