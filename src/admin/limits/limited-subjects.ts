import { Injectable } from '@nestjs/common';

import { validationFailed } from '../../errors.js';
import { ApiKeyStore, type OpenChange, UserStore } from '../../identity/index.js';
import { type LimitedKind, RateLimitStore } from '../../rate-limiting/index.js';

import { type PutRateLimitDto } from './rate-limit.dto.js';

/** Whose limits are set. A workspace or workflow may be given limits before its first call. */
export interface LimitedSubject {
  readonly kind: LimitedKind;
  readonly id: string;
}

const MONTHLY = [
  'monthlyTokenLimit',
  'monthlyCallLimit',
  'monthlyCostLimitUsd',
  'videoGenerationLimit',
  'imageGenerationLimit',
  'scriptGenerationLimit',
] as const satisfies readonly (keyof PutRateLimitDto)[];

/** Who can have limits of their own, and which. */
@Injectable()
export class LimitedSubjects {
  constructor(
    private readonly users: UserStore,
    private readonly keys: ApiKeyStore,
    private readonly limits: RateLimitStore,
  ) {}

  /** @throws CodedError `not_found` for an unknown user or API key. */
  async find({ kind, id }: LimitedSubject): Promise<void> {
    if (kind === 'user') await this.users.get(id);
    if (kind === 'apiKey') await this.keys.get(id);
  }

  /** Until the transaction ends nobody else changes the subject's limits. @throws CodedError `not_found`, as `find`. */
  async lock({ manager }: OpenChange, { kind, id }: LimitedSubject): Promise<void> {
    switch (kind) {
      case 'user':
        await this.users.lock(manager, id);
        return;
      case 'apiKey':
        await this.keys.lock(manager, id);
        return;
      case 'workspace':
      case 'workflow':
        await this.limits.lock(manager, kind, id);
    }
  }

  /** @throws CodedError `validation_failed` for a limit that nothing of this kind is held to. */
  check({ kind }: LimitedSubject, body: PutRateLimitDto): void {
    if (kind === 'user') return;
    const { fields, message } = unheldBy(kind);
    const faults = fields.filter((field) => body[field] !== undefined && body[field] !== null);
    if (faults.length > 0) throw validationFailed(faults.map((path) => ({ path, message })));
  }
}

/** What would be kept and hold nobody: an operator would take it for a limit. */
function unheldBy(kind: Exclude<LimitedKind, 'user'>): {
  readonly fields: readonly (keyof PutRateLimitDto)[];
  readonly message: string;
} {
  if (kind === 'apiKey')
    return {
      fields: ['rollingTokenLimit'],
      message: 'an API key has no rolling limit; set monthlyTokenLimit',
    };
  return { fields: MONTHLY, message: `a ${kind} has no monthly limits; set rollingTokenLimit` };
}

/** What holds for a subject without limits of its own. */
export function inheritedBy(kind: LimitedKind): string {
  switch (kind) {
    case 'user':
      return 'those of the plan hold';
    case 'apiKey':
      return 'it is bound by those of its user only';
    case 'workspace':
    case 'workflow':
      return 'DEFAULT_DAILY_QUOTA_TOKENS × QUOTA_WINDOW_DAYS holds';
  }
}
