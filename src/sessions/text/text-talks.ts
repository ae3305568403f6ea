import { Injectable } from '@nestjs/common';

import { ChatRunner, ChatService } from '../../generation/index.js';
import { type WireObject } from '../../providers/index.js';

import { type Authorize, type Session, type Talk } from '../session.js';

import { SessionTools } from '../tools/session-tools.js';

import { type MeteredText, ResponseRun } from './response-run.js';
import { TextTalk } from './text-talk.js';

/** What a talk is opened with. */
export interface TalkWish {
  readonly model: string | undefined;
  readonly authorize: Authorize;
}

/** Talks with text models: the server speaks the events itself, and each response is a chat like any other. */
@Injectable()
export class TextTalks implements MeteredText {
  constructor(
    private readonly runner: ChatRunner,
    private readonly chats: ChatService,
    private readonly tools: SessionTools,
  ) {}

  /** @throws CodedError `not_found` where nobody serves the model. */
  async check(model: string | undefined): Promise<void> {
    await this.runner.prepare({ messages: [] }, 'llm_call', { model });
  }

  talkIn(session: Session, wish: TalkWish): Talk {
    const { caller } = session.facts;
    return new TextTalk(session, wish.model, {
      newRun: (asked) => new ResponseRun(this, session, wish, asked),
      isOffered: (tool) => this.tools.isOffered(tool),
      useTool: (tool, args) => this.tools.run(tool, args, caller),
    });
  }

  /** A metered chat, in the call context of the one who asks. */
  async stream(body: WireObject, model: string | undefined) {
    return this.chats.stream(await this.runner.prepare(body, 'llm_call', { model }));
  }
}
