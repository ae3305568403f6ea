import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { type Principal } from '../principal.js';
import { type Role } from '../users/user.entity.js';

import { type CallerRequest } from './caller-request.js';

export const PUBLIC = Symbol('cuota:public');
export const ROLES_ALLOWED = Symbol('cuota:roles');

/** Open to everybody, whatever credential they present or do not. */
export const Public = () => SetMetadata(PUBLIC, true);

/** Only for callers of one of these roles. */
export const Roles = (...roles: Role[]) => SetMetadata(ROLES_ALLOWED, roles);

/** The Principal of the request. On a public route a caller without one gets a 401. */
export const CurrentPrincipal = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Principal => {
    return requirePrincipal(context.switchToHttp().getRequest<CallerRequest>());
  },
);

/** @throws CodedError `unauthorized` */
export function requirePrincipal({ principal }: CallerRequest): Principal {
  if (principal) return principal;
  throw new CodedError(
    'unauthorized',
    'This needs a caller. Send the header "Authorization: Bearer <API key>".',
  );
}
