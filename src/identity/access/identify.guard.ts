import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

import { currentCallContext } from '../../rate-limiting/index.js';
import { type Principal } from '../principal.js';

import { Authenticator, type Identification } from './authenticator.js';
import { type CallerRequest } from './caller-request.js';

const BEARER = /^Bearer +(\S+) *$/i;

/**
 * Finds out who is calling, and lets everybody pass: what has to be refused is refused by AccessGuard, after the
 * endpoint's rate was taken, so that guessing credentials is rated too.
 */
@Injectable()
export class IdentifyGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<CallerRequest>();
    const header = request.headers['authorization'];
    if (typeof header !== 'string' || header === '') return true;
    const credential = BEARER.exec(header)?.[1];
    if (credential === undefined) {
      request.identityFault = { kind: 'refused', why: 'The Authorization header is not "Bearer <API key>".' };
      return true;
    }
    const identification = this.authenticator.identify(credential);
    if (identification instanceof Promise) return this.later(request, identification);
    note(request, identification);
    return true;
  }

  private async later(request: CallerRequest, identification: Promise<Identification>): Promise<true> {
    try {
      note(request, await identification);
    } catch (cause) {
      // A public route, such as the health check, must answer while the database is away.
      request.identityFault = { kind: 'unavailable', cause };
    }
    return true;
  }
}

function note(request: CallerRequest, identification: Identification): void {
  if (identification.kind === 'refused') request.identityFault = identification;
  else enter(request, identification.principal);
}

function enter(request: CallerRequest, principal: Principal): void {
  request.principal = principal;
  const call = currentCallContext();
  if (!call) return;
  const { userId, apiKeyId } = principal;
  call.caller = { ...call.caller, userId, ...(apiKeyId === undefined ? {} : { apiKeyId }) };
}
