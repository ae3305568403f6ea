import { Injectable } from '@nestjs/common';

import { type Fault } from '../../errors.js';
import { type InputRule } from '../../input-rules.js';

import { PlanStore } from './plan.store.js';

/** The plan that an input names is there. */
@Injectable()
export class PlanExists implements InputRule<{ planId?: string }> {
  readonly reads = ['planId'];

  constructor(private readonly plans: PlanStore) {}

  async faultsIn({ planId }: { planId?: string }): Promise<readonly Fault[]> {
    return planId === undefined || (await this.plans.exists(planId)) ? [] : [noSuchPlan(planId)];
  }
}

export function noSuchPlan(id: string): Fault {
  return { path: 'planId', message: `there is no plan ${id}; GET /admin/plans lists them` };
}
