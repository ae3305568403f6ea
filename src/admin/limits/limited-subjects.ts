import { Injectable } from '@nestjs/common';

import { ApiKeyStore, type OpenChange, UserStore } from '../../identity/index.js';
import { type LimitedKind, RateLimitStore } from '../../rate-limiting/index.js';

/** Whose limits are set. A workspace or workflow may be given limits before its first call. */
export interface LimitedSubject {
  readonly kind: LimitedKind;
  readonly id: string;
}

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
