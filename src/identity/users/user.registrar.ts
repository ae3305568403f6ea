import { Injectable } from '@nestjs/common';

import { Clock } from '../../rate-limiting/index.js';
import { PasswordHasher } from '../accounts/password.hasher.js';
import { type ChangeContext } from '../audit/change.js';
import { RecordedChanges } from '../audit/recorded-changes.store.js';

import { BOOTSTRAP_EMAIL, newUser } from './new-user.js';
import { userForAudit } from './user-audit.js';
import { type UserRow } from './user.entity.js';
import { addressTaken, UserStore } from './user.store.js';

export interface RegisterInput {
  /** In lower case. */
  readonly email: string;
  /** Without one the user has API keys only. */
  readonly password?: string | undefined;
  readonly name?: string | null | undefined;
  readonly planId?: string | undefined;
  readonly role?: UserRow['role'] | undefined;
}

/** Makes users, whoever asks for it: themselves, an admin, the command line. */
@Injectable()
export class UserRegistrar {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly changes: RecordedChanges,
    private readonly clock: Clock,
  ) {}

  /**
   * @param context who makes the user; without it users make themselves.
   * @throws CodedError `conflict` where the address is taken, `validation_failed` where there is no such plan.
   */
  async register(input: RegisterInput, context?: ChangeContext): Promise<UserRow> {
    // Whoever had this address would be made an admin at the next start.
    if (input.email === BOOTSTRAP_EMAIL) throw addressTaken(input.email);
    const passwordHash = input.password === undefined ? null : await this.passwords.hash(input.password);
    const { email, name = null, planId, role } = input;
    const given = { ...(planId === undefined ? {} : { planId }), ...(role === undefined ? {} : { role }) };
    const user = newUser({ email, passwordHash, name, ...given }, new Date(this.clock.now()));
    const by = context ?? { actor: { id: user.id, label: user.email } };
    await this.changes.run(by, async (change) => {
      await this.users.insert(change.manager, user);
      const subject = { kind: 'user', id: user.id };
      await change.record({ action: 'user.create', subject, after: userForAudit(user) });
    });
    return user;
  }
}
