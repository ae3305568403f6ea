import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { UserStore } from '../../identity/index.js';
import { type UserId, userId } from '../../rate-limiting/index.js';

export interface FoundUser {
  readonly id: UserId;
  readonly email: string;
}

/** Finds a user by what people know: an id or an address. */
@Injectable()
export class UserFinder {
  constructor(private readonly users: UserStore) {}

  /** @throws CodedError `not_found` */
  async find(idOrEmail: string): Promise<FoundUser> {
    const isEmail = idOrEmail.includes('@');
    const { id, email } = isEmail
      ? await this.byEmail(idOrEmail.toLowerCase())
      : await this.users.get(idOrEmail).catch((error: unknown) => refuse(error, idOrEmail));
    return { id: userId(id), email };
  }

  private async byEmail(email: string) {
    const { items } = await this.users.list({ email }, { limit: 1 });
    return items[0] ?? unknown(email);
  }
}

function refuse(error: unknown, id: string): never {
  if (error instanceof CodedError && error.code === 'not_found') return unknown(id);
  throw error;
}

function unknown(idOrEmail: string): never {
  throw new CodedError(
    'not_found',
    `There is no user ${idOrEmail}: give an id or an email address. \`report usage --group-by user\` lists who used anything.`,
  );
}
