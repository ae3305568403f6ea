import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { CodedError } from '../../errors.js';
import { userId } from '../../rate-limiting/index.js';
import { type AccessToken, AccessTokens } from '../access/access-tokens.js';
import { type UserRow } from '../users/user.entity.js';
import { UserRegistrar } from '../users/user.registrar.js';
import { UserStore } from '../users/user.store.js';

import { PasswordHasher } from './password.hasher.js';

/** A user who is logged in. */
export interface LoggedIn extends AccessToken {
  readonly user: UserRow;
}

/** Registration and login with a password. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly users: UserStore,
    private readonly registrar: UserRegistrar,
    private readonly passwords: PasswordHasher,
    private readonly tokens: AccessTokens,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Makes a user on the plan `free` and logs in.
   * @throws CodedError `forbidden` where AUTH_REGISTRATION is closed, `conflict` where the address is taken.
   */
  async register(input: { email: string; password: string; name?: string | undefined }): Promise<LoggedIn> {
    if (this.settings.auth.registration === 'closed')
      throw new CodedError('forbidden', 'Registration is closed here. Ask the operator for an account.');
    return this.loggedIn(await this.registrar.register(input));
  }

  /** @throws CodedError `unauthorized`; whether the address is known shows neither in the answer nor in its time. */
  async login({ email, password }: { email: string; password: string }): Promise<LoggedIn> {
    const user = await this.users.findForLogin(email);
    if (!(await this.passwords.matches(password, user?.passwordHash)) || !user)
      throw new CodedError('unauthorized', 'The email or the password is wrong.');
    if (user.status === 'disabled')
      throw new CodedError('unauthorized', 'This account is disabled. Ask the operator to enable it again.');
    return this.loggedIn(user);
  }

  private async loggedIn(user: UserRow): Promise<LoggedIn> {
    return { ...(await this.tokens.issue(userId(user.id))), user };
  }
}
