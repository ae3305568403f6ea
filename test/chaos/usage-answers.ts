import { ApiClient } from '../support/api-client.js';

import { type AppLife } from './deployment.js';
import { type Tenant } from './tenants.js';

/** One limit as `/me/usage` of one process tells it; money in nano-dollars. */
export interface ToldLimit {
  /** `user:<id> tokens`, as the books name it. */
  readonly name: string;
  readonly by: string;
  readonly max: number;
  readonly used: number;
  readonly reserved: number;
}

/** What every process tells every tenant; `undefined` where one does not answer. */
export async function askAll(
  lives: readonly AppLife[],
  tenants: readonly Tenant[],
): Promise<{ periods: Set<string>; limits: ToldLimit[] } | undefined> {
  const periods = new Set<string>();
  const limits: ToldLimit[] = [];
  for (const { process } of lives) {
    for (const tenant of tenants) {
      const { status, body } = await new ApiClient(process.url, tenant.key).get('/me/usage');
      if (status !== 200) return undefined;
      periods.add(String(body.period));
      for (const limit of body.limits) limits.push(...told(limit, tenant, process.url));
    }
  }
  return { periods, limits };
}

function told(
  limit: Record<'name' | 'unit' | 'max' | 'used' | 'reserved', unknown>,
  tenant: Tenant,
  by: string,
): ToldLimit[] {
  const subject = { user: tenant.userId, apiKey: tenant.keyId };
  const [kind] = String(limit.name).split('.');
  if (kind !== 'user' && kind !== 'apiKey') return [];
  const amount = (value: unknown) =>
    limit.unit === 'cost' ? Math.round(Number(value) * 1e9) : Number(value);
  const { max, used, reserved } = limit;
  return [
    {
      name: `${kind}:${subject[kind]} ${String(limit.unit)}`,
      by,
      max: amount(max),
      used: amount(used),
      reserved: amount(reserved),
    },
  ];
}
