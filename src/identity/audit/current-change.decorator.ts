import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';

import { RefusedInput } from '../../input-rules.js';
import { requirePrincipal } from '../access/access.decorators.js';
import { type CallerRequest } from '../access/caller-request.js';

import { type ChangeContext } from './change.js';

const MAX_REASON = 500;

/** Who makes the change that a request asks for, and why: the caller, and `?reason=`. */
export const CurrentChange = createParamDecorator(
  (_data: unknown, context: ExecutionContext): ChangeContext | RefusedInput => {
    const request = context.switchToHttp().getRequest<CallerRequest>();
    const { userId, email } = requirePrincipal(request);
    const reason = reasonOf(request.query);
    if (reason instanceof RefusedInput) return reason;
    return { actor: { id: userId, label: email }, reason };
  },
);

/** Documents `?reason=` of an endpoint that changes something. */
export function ApiReason(): MethodDecorator & ClassDecorator {
  const description = 'Why: kept in the audit log.';
  return applyDecorators(
    ApiQuery({
      name: 'reason',
      required: false,
      type: String,
      schema: { maxLength: MAX_REASON },
      description,
    }),
  );
}

function reasonOf(query: unknown): string | undefined | RefusedInput {
  if (typeof query !== 'object' || query === null || !('reason' in query)) return undefined;
  const { reason } = query;
  if (typeof reason === 'string' && reason.length <= MAX_REASON && /^\P{Cc}*$/u.test(reason))
    return reason.trim() || undefined;
  return new RefusedInput([
    { path: 'reason', message: `must be one line of at most ${MAX_REASON} characters` },
  ]);
}
