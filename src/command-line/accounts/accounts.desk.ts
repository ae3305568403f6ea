import { Injectable } from '@nestjs/common';

import {
  ApiKeysService,
  createdApiKeyView,
  type Role,
  UserRegistrar,
  userView,
} from '../../identity/index.js';
import { commandActor } from '../command-actor.js';

import { type FoundUser, UserFinder } from './user.finder.js';

export interface NewUser {
  readonly email: string;
  readonly name?: string | undefined;
  readonly planId?: string | undefined;
  readonly role?: Role | undefined;
  readonly password?: string | undefined;
  readonly reason?: string | undefined;
}

export interface NewUserKey {
  readonly user: string;
  readonly name: string;
  readonly expiresAt?: Date | undefined;
  readonly reason?: string | undefined;
}

/** Makes users and their API keys. Each is in the audit log. */
@Injectable()
export class AccountsDesk {
  constructor(
    private readonly registrar: UserRegistrar,
    private readonly keys: ApiKeysService,
    private readonly users: UserFinder,
  ) {}

  /** @throws as `UserRegistrar.register` */
  async createUser({ reason, ...user }: NewUser): Promise<ReturnType<typeof userView>> {
    return userView(await this.registrar.register(user, { actor: commandActor(), reason }));
  }

  /** @throws CodedError `not_found`, or as `ApiKeysService.create` */
  async createKey(input: NewUserKey): Promise<ReturnType<typeof createdApiKeyView> & { user: FoundUser }> {
    const { name, expiresAt, reason } = input;
    const user = await this.users.find(input.user);
    const made = await this.keys.create(
      { userId: user.id, name, expiresAt },
      { actor: commandActor(), reason },
    );
    return { ...createdApiKeyView(made), user };
  }
}
