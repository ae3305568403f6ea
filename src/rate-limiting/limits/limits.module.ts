import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { RateLimitEntity } from '../rate-limit.entity.js';

import { RateLimitStore } from './rate-limit.store.js';

/** The RateLimits of users, API keys, workspaces and workflows. */
@Module({
  imports: [TypeOrmModule.forFeature([RateLimitEntity])],
  providers: [RateLimitStore],
  exports: [RateLimitStore],
})
export class LimitsModule {}
