import { Inject, Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';

import { type Settings, SETTINGS } from '../config/index.js';
import { validationFailed } from '../errors.js';
import { Clock, currentCallContext, newReservationId } from '../rate-limiting/index.js';

import { OpenSessions } from './open-sessions.js';
import { SessionDoor } from './session-door.js';
import { SessionSocket } from './session-socket.js';
import { Session, type SessionFacts } from './session.js';
import { TextTalks } from './text/text-talks.js';

/** Opens sessions, or says why not while that can still be said as an answer. */
@Injectable()
export class SessionOpening {
  constructor(
    private readonly door: SessionDoor,
    private readonly sessions: OpenSessions,
    private readonly texts: TextTalks,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * @param wanted the model, as the query names it.
   * @throws CodedError for every reason not to open one; nothing was upgraded then.
   */
  async open(request: FastifyRequest, reply: FastifyReply, wanted: unknown): Promise<void> {
    this.door.checkAsked(request.raw);
    const model = modelOf(wanted);
    const caller = currentCallContext()?.caller ?? {};
    await this.sessions.check(caller.userId);
    this.texts.check(model);
    const facts = this.factsOf(caller);
    const told = { 'X-Session-Id': facts.id, 'X-Request-Id': request.id };
    const webSocket = this.door.open(reply, told);
    if (!webSocket) return;
    const over = this.sessions.remove.bind(this.sessions);
    const session = new Session(facts, new SessionSocket(webSocket), () => this.clock.now(), over);
    const credential = request.headers.authorization?.replace(/^Bearer +/i, '').trim() ?? '';
    this.sessions.add(session);
    session.begin(this.texts.talkIn(session, { model, credential, requestId: request.id }));
  }

  private factsOf(caller: SessionFacts['caller']): SessionFacts {
    const startedAtMs = this.clock.now();
    const { sessionNanoUsd, sessionMaxMinutes } = this.settings.budgets;
    const id = newReservationId(startedAtMs);
    return {
      id,
      caller: { ...caller, sessionId: id },
      budgetNanoUsd: sessionNanoUsd,
      startedAtMs,
      expiresAtMs: startedAtMs + sessionMaxMinutes * 60_000,
    };
  }
}

function modelOf(wanted: unknown): string | undefined {
  if (wanted === undefined || wanted === '') return undefined;
  if (typeof wanted === 'string' && wanted.length <= 200) return wanted;
  throw validationFailed([{ path: 'model', message: 'must be one name of at most 200 characters' }]);
}
