import { Inject, Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';

import { type Settings, SETTINGS } from '../config/index.js';
import { validationFailed } from '../errors.js';
import { Clock, currentCallContext, newReservationId } from '../rate-limiting/index.js';

import { OpenSessions } from './open-sessions.js';
import { SessionDoor } from './session-door.js';
import { SessionSocket } from './session-socket.js';
import { Session, type SessionFacts } from './session.js';
import { Talks } from './talks.js';

/** Opens sessions, or says why not while that can still be said as an answer. */
@Injectable()
export class SessionOpening {
  constructor(
    private readonly door: SessionDoor,
    private readonly sessions: OpenSessions,
    private readonly talks: Talks,
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
    const facts = this.factsOf(caller, request.id);
    await this.talks.check(model);
    await this.sessions.announce(facts);
    const begin = await this.talks.prepare(model);
    const told = { 'X-Session-Id': facts.id, 'X-Request-Id': request.id };
    const webSocket = this.sessions.hasRoom(caller.userId) ? this.door.open(reply, told) : 'no room';
    if (typeof webSocket !== 'object') {
      await begin.instead();
      if (webSocket === 'no room') throw this.sessions.noRoom();
      return;
    }
    const over = this.sessions.remove.bind(this.sessions);
    const session = new Session(facts, new SessionSocket(webSocket), () => this.clock.now(), over);
    this.sessions.add(session);
    session.begin(begin.talk(session, this.talks.authorizing(request.headers)));
  }

  private factsOf(caller: SessionFacts['caller'], requestId: string): SessionFacts {
    const startedAtMs = this.clock.now();
    const { sessionNanoUsd, sessionMaxMinutes } = this.settings.budgets;
    const id = newReservationId(startedAtMs);
    return {
      id,
      requestId,
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
