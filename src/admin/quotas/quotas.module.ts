import { Module } from '@nestjs/common';

import { PeriodsModule } from '../../periods/index.js';

import { CircuitBreakerController } from '../budgets/circuit-breaker.controller.js';

import { PeriodsController } from './periods.controller.js';
import { GrantEnd } from './grant-end.rule.js';
import { QuotasController } from './quotas.controller.js';

/** The admin's resets and grants and the circuit breaker, which the heart makes, and the closing of periods. */
@Module({
  imports: [PeriodsModule],
  controllers: [QuotasController, PeriodsController, CircuitBreakerController],
  providers: [GrantEnd],
})
export class QuotasModule {}
