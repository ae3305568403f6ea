import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { ChatRunner, ChatService } from '../../generation/index.js';
import { Authenticator } from '../../identity/index.js';
import { type WireObject } from '../../providers/index.js';

import { type Session, type Talk } from '../session.js';

import { type MeteredText, ResponseRun } from './response-run.js';
import { TextTalk } from './text-talk.js';

/** What a talk is opened with. */
export interface TalkWish {
  readonly model: string | undefined;
  /** The API key or token that it was opened with: it must be good for each response. */
  readonly credential: string;
  readonly requestId: string;
}

/** Talks with text models: the server speaks the events itself, and each response is a chat like any other. */
@Injectable()
export class TextTalks implements MeteredText {
  constructor(
    private readonly runner: ChatRunner,
    private readonly chats: ChatService,
    private readonly authenticator: Authenticator,
  ) {}

  /** @throws CodedError `not_found` where nobody serves the model. */
  check(model: string | undefined): void {
    this.runner.prepare({ messages: [] }, 'llm_call', { model });
  }

  talkIn(session: Session, wish: TalkWish): Talk {
    return new TextTalk(session, wish.model, (asked) => new ResponseRun(this, session, wish, asked));
  }

  /** @throws CodedError `unauthorized` for a credential that was revoked, or ran out, since. */
  async authorize(credential: string): Promise<void> {
    const identified = await this.authenticator.identify(credential);
    if (identified.kind === 'refused') throw new CodedError('unauthorized', identified.why);
  }

  /** A metered chat, in the call context of the one who asks. */
  stream(body: WireObject, model: string | undefined) {
    return this.chats.stream(this.runner.prepare(body, 'llm_call', { model }));
  }
}
