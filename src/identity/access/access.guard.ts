import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

import { CodedError } from '../../errors.js';
import { type Principal } from '../principal.js';
import { type Role } from '../users/user.entity.js';

import { PUBLIC, ROLES_ALLOWED } from './access.decorators.js';
import { type CallerRequest } from './caller-request.js';

const NOTHING_SENT = 'No API key or access token was sent. Send the header "Authorization: Bearer cuota_…".';

/** Lets in whoever IdentifyGuard knows, if the route's @Roles allow it; @Public routes are open to all. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  /** @throws CodedError `unauthorized`, `forbidden`; `store_unavailable` where the credential could not be checked. */
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<CallerRequest>();
    const principal = request.principal ?? refuse(request);
    const roles = this.reflector.getAllAndOverride<readonly Role[] | undefined>(ROLES_ALLOWED, targets);
    checkRole(principal, roles);
    return true;
  }
}

function refuse({ identityFault }: CallerRequest): never {
  if (identityFault?.kind !== 'unavailable')
    throw new CodedError('unauthorized', identityFault?.why ?? NOTHING_SENT);
  throw new CodedError(
    'store_unavailable',
    'Who is calling cannot be checked right now, so nothing was done. Try again in a few seconds.',
    { retryAfterMs: 2_000 },
    { cause: identityFault.cause },
  );
}

function checkRole({ role }: Principal, allowed: readonly Role[] | undefined): void {
  if (!allowed || allowed.includes(role)) return;
  throw new CodedError(
    'forbidden',
    `This is for the role ${allowed.join(' or ')}; you have the role ${role}.`,
  );
}
