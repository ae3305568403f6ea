import { type ApiClient } from '../support/api-client.js';
import { newUser, WIDE_OPEN } from '../support/harness.js';

/** An API key of one of the users. */
export interface Tenant {
  readonly userId: string;
  readonly keyId: string;
  readonly key: string;
}

export interface Tenants {
  readonly all: readonly Tenant[];
  /** Whose used amounts an admin takes back in the middle. */
  readonly reset: Tenant;
  /** To whom an admin grants calls in the middle. */
  readonly granted: Tenant;
  /** Whom nothing limits. */
  readonly free: Tenant;
}

/** Each so small that the load meets it; nothing is unlimited but the last. */
const USER_LIMITS = [
  { monthlyCallLimit: 20 },
  { monthlyTokenLimit: 900 },
  { monthlyCostLimitUsd: '0.0004' },
  { imageGenerationLimit: 9, scriptGenerationLimit: 9 },
  { monthlyCallLimit: 15, monthlyTokenLimit: 2_500, monthlyCostLimitUsd: '1' },
  {},
] as const;

const KEY_LIMITS = { monthlyCallLimit: 20, monthlyTokenLimit: 1_200 };

/** Users with small hard limits of every unit; the last has a second key with limits of its own. */
export async function createTenants(admin: ApiClient): Promise<Tenants> {
  await admin.post('/admin/plans', WIDE_OPEN);
  const all: Tenant[] = [];
  for (const limits of USER_LIMITS) {
    const { id, keyId, key } = await newUser(admin, limits);
    all.push({ userId: id, keyId, key });
  }
  const [reset, , , , granted, free] = all;
  if (!reset || !granted || !free) throw new Error('Users are missing.');
  const second = await admin.post(`/admin/users/${free.userId}/api-keys`, { name: 'second' });
  const limited = { userId: free.userId, keyId: String(second.body.id), key: String(second.body.key) };
  await admin.put(`/admin/limits/api-keys/${limited.keyId}`, KEY_LIMITS);
  return { all: [...all, limited], reset, granted, free };
}
