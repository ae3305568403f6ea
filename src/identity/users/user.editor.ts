import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { ApiKeyStore } from '../api-keys/api-key.store.js';
import { type ChangeContext } from '../audit/change.js';
import { type OpenChange, RecordedChanges } from '../audit/recorded-changes.store.js';

import { userForAudit } from './user-audit.js';
import { type UserRow } from './user.entity.js';
import { UserStore, type UserTerms } from './user.store.js';

/** The terms to change; `undefined` leaves one as it is. */
export type UserChange = { readonly [Term in keyof UserTerms]?: UserTerms[Term] | undefined };

/** Changes users: a new plan, role or status holds on every instance within a second, also for keys in use. */
@Injectable()
export class UserEditor {
  constructor(
    private readonly users: UserStore,
    private readonly keys: ApiKeyStore,
    private readonly changes: RecordedChanges,
  ) {}

  /**
   * @throws CodedError `not_found`, `validation_failed` for an unknown plan, `conflict` where no active admin would be
   *   left.
   */
  edit(id: string, edited: UserChange, context: ChangeContext): Promise<UserRow> {
    return this.changes.run(context, (change) => this.editWithin(change, id, edited));
  }

  /** As `edit`, as a part of a greater change. */
  async editWithin(change: OpenChange, id: string, edited: UserChange): Promise<UserRow> {
    const { manager } = change;
    const mayUnmakeAdmin = edited.role === 'user' || edited.status === 'disabled';
    const admins = mayUnmakeAdmin ? await this.users.lockAdmins(manager) : undefined;
    const before = await this.users.lock(manager, id);
    if (admins === 1 && isActiveAdmin(before)) throw lastAdmin(before);
    await this.users.update(manager, id, changed(before, edited));
    const after = await this.users.get(id, manager);
    await this.announce(change, { before, after });
    return after;
  }

  private async announce(change: OpenChange, { before, after }: Record<'before' | 'after', UserRow>) {
    const subject = { kind: 'user', id: after.id };
    const entry = { subject, before: userForAudit(before), after: userForAudit(after) };
    await change.record({ action: 'user.update', ...entry });
    await change.announce('user', after.id);
    // Keys are cached together with their user. No key can be added meanwhile: the user's row is locked.
    for (const hash of await this.keys.liveHashes(change.manager, after.id))
      await change.announce('apiKey', hash.toString('hex'));
  }
}

function changed(before: UserRow, edited: UserChange): UserTerms {
  return {
    planId: edited.planId ?? before.planId,
    role: edited.role ?? before.role,
    status: edited.status ?? before.status,
    billingDay: edited.billingDay === undefined ? before.billingDay : edited.billingDay,
    timezone: edited.timezone === undefined ? before.timezone : edited.timezone,
  };
}

function isActiveAdmin({ role, status }: UserRow): boolean {
  return role === 'admin' && status === 'active';
}

function lastAdmin({ email }: UserRow): CodedError {
  return new CodedError(
    'conflict',
    `${email} is the last active admin. Make somebody else an admin first, or nobody could administer.`,
  );
}
