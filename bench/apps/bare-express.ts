import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';

import { BareModule } from './bare.module.js';
import { tellBench } from './serve.js';

async function main(): Promise<void> {
  const app = await NestFactory.create(BareModule, new ExpressAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  tellBench({ url: await app.getUrl() });
}

void main();
