import { type UserRow } from './user.entity.js';

/** What the audit log keeps of a user: nothing secret. */
export function userForAudit(user: UserRow): object {
  const { email, name, planId, role, status, billingDay, timezone } = user;
  return { email, name, planId, role, status, billingDay, timezone };
}
