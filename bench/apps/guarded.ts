import 'reflect-metadata';

import { Controller, Get, Injectable, Module } from '@nestjs/common';

import { readEnvironment } from '../../src/config/index.js';
import { createApp } from '../../src/create-app.js';
import { RateLimit } from '../../src/rate-limiting/index.js';
import { ApiClient } from '../../test/support/api-client.js';
import { ESTIMATE } from '../sample-call.js';
import { given, tellBench } from './serve.js';

const PLENTY = 1_000_000_000;
const LIMITS = { monthlyTokenLimit: 9e12, monthlyCallLimit: PLENTY, monthlyCostLimitUsd: '900000' };

/** A service whose work is nothing, metered as a chat call is. */
@Injectable()
class GuardedWork {
  @RateLimit({
    operation: 'llm_call',
    estimate: () => ESTIMATE,
    actual: () => ({ inputTokens: 120, outputTokens: 340, costNanoUsd: 222_000 }),
  })
  work() {
    return Promise.resolve({ done: true });
  }
}

@Controller('work')
class GuardedController {
  constructor(private readonly guarded: GuardedWork) {}

  @Get()
  work() {
    return this.guarded.work();
  }
}

@Module({ controllers: [GuardedController], providers: [GuardedWork] })
class GuardedModule {}

/** The whole application, its guards and stores, with one more endpoint. */
async function main(): Promise<void> {
  const read = readEnvironment();
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  const app = await createApp(read.settings, { modules: [GuardedModule] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  tellBench({ url, key: await newCaller(new ApiClient(url, given('BOOTSTRAP_ADMIN_KEY'))) });
}

async function newCaller(admin: ApiClient): Promise<string> {
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

void main();
