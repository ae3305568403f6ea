import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

import { CodedError, validationFailed } from '../errors.js';
import { type CallerRequest } from '../identity/index.js';
import { Clock, currentCallContext } from '../rate-limiting/index.js';

import { SessionStore } from './session.store.js';

const HEADER = 'X-Session-Id';
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Charges a call to the session that its header names as well: it is held to the session's budget, and in its sum. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    private readonly sessions: SessionStore,
    private readonly clock: Clock,
  ) {}

  /** @throws CodedError `validation_failed` for what is no id, `not_found` for a session that is over or not the caller's. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const { headers, principal } = context.switchToHttp().getRequest<CallerRequest>();
    const id = headers['x-session-id'];
    if (id === undefined || !principal) return true;
    if (typeof id !== 'string' || !ID.test(id))
      throw validationFailed([{ path: HEADER, message: 'must be the id of a session, as it was told' }]);
    return this.attribute(id, principal.userId);
  }

  private async attribute(sessionId: string, userId: string): Promise<true> {
    if (!(await this.sessions.isOpen(sessionId, userId, this.clock.now())))
      throw new CodedError('not_found', `No session ${sessionId} of yours goes on. Check ${HEADER}.`);
    const call = currentCallContext();
    if (call) call.caller = { ...call.caller, sessionId };
    return true;
  }
}
