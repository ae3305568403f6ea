import 'reflect-metadata';

import { Controller, Get, Injectable, Module } from '@nestjs/common';

import { readEnvironment } from '../../src/config/index.js';
import { createApp } from '../../src/create-app.js';
import { RateLimit } from '../../src/rate-limiting/index.js';
import { ESTIMATE } from '../sample-call.js';
import { newCaller } from './caller.js';
import { tellBench } from './serve.js';

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
  tellBench({ url, key: await newCaller(url) });
}

void main();
