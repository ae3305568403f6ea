import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { RateLimitEntity } from '../rate-limit.entity.js';

import { GrantStore } from './grant.store.js';
import { RateLimitStore } from './rate-limit.store.js';

/** The RateLimits of users, API keys, workspaces and workflows, and the users' grants. */
@Module({
  imports: [TypeOrmModule.forFeature([RateLimitEntity])],
  providers: [RateLimitStore, GrantStore],
  exports: [RateLimitStore, GrantStore],
})
export class LimitsModule {}
