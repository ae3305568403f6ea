import { Logger } from '@nestjs/common';

import { type CodedError } from '../errors.js';
import { codedErrorOf } from '../http/index.js';
import { type Caller, formatUsd } from '../rate-limiting/index.js';

import { countEnded, countOpened } from './session.metrics.js';
import { type SessionSocket } from './session-socket.js';
import { type Ending, endingAfter, ENDINGS } from './wire/close-codes.js';
import { errorEvent } from './wire/error-event.js';
import { type ServerEvent, written } from './wire/server-event.js';

/** What a session is, from its first to its last moment. */
export interface SessionFacts {
  /** UUIDv7: the instant in it is when the session began. */
  readonly id: string;
  /** Of the request that it began as. */
  readonly requestId: string;
  /** Who is charged, the session in it. */
  readonly caller: Caller;
  readonly budgetNanoUsd: number;
  readonly startedAtMs: number;
  readonly expiresAtMs: number;
}

/** Fails with `unauthorized` where the credential that a session was opened with is no longer good. */
export type Authorize = () => Promise<void>;

/** What is spoken in a session: with a text model, or with a realtime one. */
export interface Talk {
  /** The client said something; `undefined` is what is no text. Resolves when it may say more. */
  hear(text: string | undefined): Promise<void> | void;
  /** Cuts what is under way. Resolves when all that was used is in the ledger. Told more than once. */
  end(): Promise<void>;
}

/** An open session: one client, and how it comes to its end. */
export class Session {
  private ending: Promise<void> | undefined;
  private talk: Talk | undefined;
  private readonly logger = new Logger('Sessions');

  /** @param now what is asked for the time. @param over told once, when all is over. */
  constructor(
    readonly facts: SessionFacts,
    private readonly socket: SessionSocket,
    private readonly now: () => number,
    private readonly over: (session: Session, ending: Ending) => void,
  ) {}

  begin(talk: Talk): void {
    this.talk = talk;
    countOpened();
    this.socket.onMessage((text) => (this.ending ? undefined : this.hear(talk, text)));
    this.socket.onUnread(() => void this.end('unread'));
    this.socket.onClose(() => void this.end('closed'));
  }

  /** What `session.created` tells of the session. */
  get created(): { sessionId: string; budgetUsd: string; expiresAt: string } {
    const { id, budgetNanoUsd, expiresAtMs } = this.facts;
    return {
      sessionId: id,
      budgetUsd: formatUsd(budgetNanoUsd),
      expiresAt: new Date(expiresAtMs).toISOString(),
    };
  }

  get isOver(): boolean {
    return this.ending !== undefined;
  }

  get isExpired(): boolean {
    return this.now() >= this.facts.expiresAtMs;
  }

  /** Resolves when more may be sent. */
  async send(event: ServerEvent): Promise<void> {
    await this.sendText(written(event));
  }

  /** As `send`, for an event that is written already. */
  async sendText(text: string): Promise<void> {
    await this.socket.send(text);
  }

  /** Tells what went wrong; ends the session where it cannot go on. */
  async fail(error: CodedError, eventId?: string): Promise<void> {
    const ending = endingAfter(error.code);
    if (ending) {
      await this.end(ending, error);
      return;
    }
    this.note(error);
    await this.send(errorEvent(error, eventId));
  }

  /** Asks the client whether it is there; drops one that did not answer the last time. */
  checkAlive(): void {
    if (this.socket.ping()) return;
    this.socket.drop();
  }

  /** Ends it once: says why, settles what is under way, and closes. Resolves when that is done. */
  end(ending: Ending, why?: CodedError): Promise<void> {
    this.ending ??= this.finish(ending, why);
    return this.ending;
  }

  /** What fails without having been foreseen is told to this client; nobody else hears of it. */
  private async hear(talk: Talk, text: string | undefined): Promise<void> {
    try {
      await talk.hear(text);
    } catch (error) {
      // Not awaited: an end waits for what is being heard.
      void this.fail(codedErrorOf(error));
    }
  }

  private note(error: CodedError): void {
    if (error.code !== 'internal_error') return;
    const { id: sessionId, requestId } = this.facts;
    this.logger.error({ err: error.cause ?? error, sessionId, requestId }, 'A session failed on our side.');
  }

  private async finish(ending: Ending, why: CodedError | undefined): Promise<void> {
    if (ending === 'unread') this.socket.drop();
    // What is over waits for nobody who reads slowly.
    this.socket.hurry();
    if (why) this.note(why);
    if (why && this.socket.isOpen) void this.socket.send(written(errorEvent(why)));
    try {
      await this.talk?.end();
    } catch (error) {
      // What it held is settled at its deadline.
      const { id: sessionId, requestId } = this.facts;
      this.logger.error({ err: error, sessionId, requestId }, 'A session could not settle all at its end.');
    }
    const { code, reason } = ENDINGS[ending];
    this.socket.close(code, reason);
    countEnded(ending, this.now() - this.facts.startedAtMs);
    this.over(this, ending);
  }
}
