import { Injectable } from '@nestjs/common';

import { Clock } from '../../rate-limiting/index.js';
import { type OpenChange } from '../audit/recorded-changes.store.js';
import { FREE_PLAN, PlanEntity } from '../plans/plan.entity.js';
import { BOOTSTRAP_EMAIL, newUser } from '../users/new-user.js';
import { userForAudit } from '../users/user-audit.js';
import { UserEditor } from '../users/user.editor.js';
import { type UserRow } from '../users/user.entity.js';
import { UserStore } from '../users/user.store.js';

const BOOTSTRAP_PLAN = 'enterprise';

/** The admin that is made at start: one user, whichever instance makes it. */
@Injectable()
export class BootstrapUser {
  constructor(
    private readonly users: UserStore,
    private readonly editor: UserEditor,
    private readonly clock: Clock,
  ) {}

  /** Makes the user, or makes it an active admin again. The caller holds the lock of `UserStore.lockAdmins`. */
  async ensureAdmin(change: OpenChange): Promise<UserRow> {
    const known = await this.users.findForLogin(BOOTSTRAP_EMAIL, change.manager);
    if (!known) return this.make(change);
    if (known.role === 'admin' && known.status === 'active') return known;
    return this.editor.editWithin(change, known.id, { role: 'admin', status: 'active' });
  }

  private async make(change: OpenChange): Promise<UserRow> {
    const hasPlan = await change.manager.existsBy(PlanEntity, { id: BOOTSTRAP_PLAN });
    const planId = hasPlan ? BOOTSTRAP_PLAN : FREE_PLAN;
    const given = { email: BOOTSTRAP_EMAIL, name: 'First admin', planId, role: 'admin' } as const;
    const user = newUser(given, new Date(this.clock.now()));
    await this.users.insert(change.manager, user);
    const subject = { kind: 'user', id: user.id };
    await change.record({ action: 'user.create', subject, after: userForAudit(user) });
    return user;
  }
}
