import 'reflect-metadata';

import { readEnvironment } from '../../src/config/index.js';
import { createApp } from '../../src/create-app.js';

import { newCaller } from './caller.js';
import { tellBench } from './serve.js';

/** The application as it is started. */
async function main(): Promise<void> {
  const read = readEnvironment();
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  const app = await createApp(read.settings);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  tellBench({ url, key: await newCaller(url) });
}

void main();
