import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import {
  type ChangeContext,
  FREE_PLAN,
  type PlanRow,
  PlanStore,
  planView,
  RecordedChanges,
} from '../../identity/index.js';
import { Clock, NO_LIMITS } from '../../rate-limiting/index.js';

import { type CreatePlanDto, type PatchPlanDto, planFrom } from './plan.dto.js';

/** Makes, changes and removes plans. A change holds for all who have the plan, everywhere within a second. */
@Injectable()
export class PlansService {
  constructor(
    private readonly plans: PlanStore,
    private readonly changes: RecordedChanges,
    private readonly clock: Clock,
  ) {}

  /** @throws CodedError `conflict` where the id is taken. */
  create(body: CreatePlanDto, context: ChangeContext): Promise<PlanRow> {
    const plan = planFrom(body, emptyPlan(body.id, this.now()), this.now());
    return this.changes.run(context, async (change) => {
      await this.plans.insert(change.manager, plan);
      const subject = { kind: 'plan', id: plan.id };
      await change.record({ action: 'plan.create', subject, after: planView(plan) });
      return plan;
    });
  }

  /** @throws CodedError `not_found` */
  edit(id: string, body: PatchPlanDto, context: ChangeContext): Promise<PlanRow> {
    return this.changes.run(context, async (change) => {
      const former = await this.plans.lock(change.manager, id);
      const plan = planFrom(body, former, this.now());
      await this.plans.update(change.manager, plan);
      const [before, after] = [planView(former), planView(plan)];
      await change.record({ action: 'plan.update', subject: { kind: 'plan', id }, before, after });
      await change.announce('plan', id);
      return plan;
    });
  }

  /** @throws CodedError `not_found`; `conflict` for `free` and for a plan that users have. */
  async delete(id: string, context: ChangeContext): Promise<void> {
    if (id === FREE_PLAN)
      throw new CodedError(
        'conflict',
        'The plan free is what new users get: it can be changed, but not removed.',
      );
    await this.changes.run(context, async (change) => {
      const plan = await this.plans.lock(change.manager, id);
      await this.plans.delete(change.manager, id);
      await change.record({ action: 'plan.delete', subject: { kind: 'plan', id }, before: planView(plan) });
      await change.announce('plan', id);
    });
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}

function emptyPlan(id: string, createdAt: Date): PlanRow {
  return {
    id,
    name: id,
    ...NO_LIMITS,
    maxOutputTokens: null,
    quotaWindow: 'calendar',
    requestsPerMinute: null,
    burst: null,
    endpointRates: {},
    createdAt,
    updatedAt: createdAt,
  };
}
