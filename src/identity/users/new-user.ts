import { uuidv7 } from 'uuidv7';

import { FREE_PLAN } from '../plans/plan.entity.js';

import { type UserRow } from './user.entity.js';

/** The address of the admin that is made at start. No mail goes there, no password opens it, nobody registers it. */
export const BOOTSTRAP_EMAIL = 'admin@cuota.local';

export type NewUser = Pick<UserRow, 'email'> &
  Partial<Pick<UserRow, 'passwordHash' | 'name' | 'planId' | 'role'>>;

/** A user as it begins: active, on the plan `free` unless another is given. */
export function newUser(input: NewUser, createdAt: Date): UserRow {
  return {
    id: uuidv7(),
    email: input.email,
    passwordHash: input.passwordHash ?? null,
    name: input.name ?? null,
    planId: input.planId ?? FREE_PLAN,
    role: input.role ?? 'user',
    status: 'active',
    billingDay: null,
    timezone: null,
    createdAt,
  };
}
