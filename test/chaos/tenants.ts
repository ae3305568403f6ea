import { randomUUID } from 'node:crypto';

import { type ApiAnswer, type ApiClient } from '../support/api-client.js';
import { WIDE_OPEN } from '../support/harness.js';
import { until } from '../support/until.js';

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
  await made(() => admin.post('/admin/plans', WIDE_OPEN));
  const all: Tenant[] = [];
  for (const limits of USER_LIMITS) all.push(await newTenant(admin, limits));
  const [reset, , , , granted, free] = all;
  if (!reset || !granted || !free) throw new Error('Users are missing.');
  const second = await made(() => admin.post(`/admin/users/${free.userId}/api-keys`, { name: 'second' }));
  const limited = { userId: free.userId, keyId: String(second.body.id), key: String(second.body.key) };
  await made(() => admin.put(`/admin/limits/api-keys/${limited.keyId}`, KEY_LIMITS));
  return { all: [...all, limited], reset, granted, free };
}

async function newTenant(admin: ApiClient, limits: object): Promise<Tenant> {
  const email = `${randomUUID()}@example.com`;
  const user = await made(() => admin.post('/admin/users', { email, planId: WIDE_OPEN.id }));
  const userId = String(user.body.id);
  const key = await made(() => admin.post(`/admin/users/${userId}/api-keys`, { name: 'chaos' }));
  await made(() => admin.put(`/admin/limits/users/${userId}`, limits));
  return { userId, keyId: String(key.body.id), key: String(key.body.key) };
}

/** On a busy machine a store may be too slow for one attempt, and all that follows needs what is made here. */
async function made(make: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  let answer = await make();
  const succeeded = async () => {
    if (answer.status >= 500) answer = await make();
    return answer.status < 500;
  };
  await until('an admin is answered', succeeded, 60_000);
  if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}
