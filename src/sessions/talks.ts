import { type IncomingHttpHeaders } from 'node:http';

import { Injectable } from '@nestjs/common';

import { CodedError } from '../errors.js';
import { Authenticator } from '../identity/index.js';

import { Relays } from './relay/relays.js';
import { type Authorize, type Session, type Talk } from './session.js';
import { TextTalks } from './text/text-talks.js';

/** A talk that can begin as soon as there is a client to talk with. */
export interface PreparedTalk {
  talk(session: Session, authorize: Authorize): Talk;
  /** There will be none. */
  instead(): Promise<void>;
}

/** Which kind of talk a model has. */
@Injectable()
export class Talks {
  constructor(
    private readonly texts: TextTalks,
    private readonly relays: Relays,
    private readonly authenticator: Authenticator,
  ) {}

  /** Looks again who it is: whoever may no longer call may not speak on in a session either. */
  authorizing({ authorization = '' }: IncomingHttpHeaders): Authorize {
    const credential = authorization.replace(/^Bearer +/i, '').trim();
    return async () => {
      const identified = await this.authenticator.identify(credential);
      if (identified.kind === 'refused') throw new CodedError('unauthorized', identified.why);
    };
  }

  /** @throws CodedError `not_found` where nobody serves the model. */
  async check(model: string | undefined): Promise<void> {
    if ((await this.relays.find(model)).length === 0) await this.texts.check(model);
  }

  /** @throws CodedError `provider_failed`, `providers_exhausted` where nobody who serves the model takes the session. */
  async prepare(model: string | undefined): Promise<PreparedTalk> {
    const candidates = await this.relays.find(model);
    if (candidates.length > 0) {
      const connected = await this.relays.connect(candidates);
      return {
        talk: (session, authorize) => this.relays.talkIn(session, connected, authorize),
        instead: () => connected.upstream.close(),
      };
    }
    return {
      talk: (session, authorize) => this.texts.talkIn(session, { model, authorize }),
      instead: () => Promise.resolve(),
    };
  }
}
