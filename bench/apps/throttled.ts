import 'reflect-metadata';

import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';

import { BareController } from './bare.controller.js';
import { given, tellBench } from './serve.js';

const PLENTY = 1_000_000_000;

@Module({
  imports: [
    ThrottlerModule.forRoot({
      throttlers: [
        { name: 'second', ttl: 1_000, limit: PLENTY },
        { name: 'minute', ttl: 60_000, limit: PLENTY },
        { name: 'hour', ttl: 3_600_000, limit: PLENTY },
      ],
      storage: new ThrottlerStorageRedisService(given('REDIS_URL')),
    }),
  ],
  controllers: [BareController],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})
class ThrottledModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(ThrottledModule, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  tellBench({ url: await app.getUrl() });
}

void main();
