import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import { DenialFilter } from './denial.filter.js';

async function main(): Promise<void> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
    logger: ['error', 'warn'],
  });
  app.useGlobalFilters(new DenialFilter());
  // Calls in flight end, and are settled, before the stores close.
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 4000, '127.0.0.1');
  process.stdout.write(`Poems at ${await app.getUrl()}\n`);
}

void main();
