import { ApiClient } from '../../test/support/api-client.js';

import { given } from './serve.js';

const PLENTY = 1_000_000_000;
const LIMITS = { monthlyTokenLimit: 9e12, monthlyCallLimit: PLENTY, monthlyCostLimitUsd: '900000' };

/** The key of a new user, who has three limits of its own, its key three more, and both room for any bench. */
export async function newCaller(url: string): Promise<string> {
  const admin = new ApiClient(url, given('BOOTSTRAP_ADMIN_KEY'));
  const plan = { id: 'bench', name: 'Bench', requestsPerMinute: 1_000_000, burst: 1_000_000 };
  const done = [await admin.post('/admin/plans', plan)];
  const user = await admin.post('/admin/users', { email: 'bench@example.com', planId: plan.id });
  const key = await admin.post(`/admin/users/${user.body.id}/api-keys`, { name: 'bench' });
  done.push(user, key, await admin.put(`/admin/limits/users/${user.body.id}`, LIMITS));
  done.push(await admin.put(`/admin/limits/api-keys/${key.body.id}`, LIMITS));
  const fault = done.find(({ status }) => status >= 300);
  if (fault) throw new Error(`The caller of the bench was not made: ${JSON.stringify(fault.body)}`);
  return String(key.body.key);
}
