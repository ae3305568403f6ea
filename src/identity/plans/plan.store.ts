import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';

import { CodedError } from '../../errors.js';
import { type Page, pageOf, type PageRequest } from '../page.js';
import { breaksReference, isDuplicate } from '../sql-failure.js';

import { PlanEntity, type PlanRow } from './plan.entity.js';

/** The table of plans. Whoever changes a row publishes `{ kind: 'plan', id }` in the same transaction. */
@Injectable()
export class PlanStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The plans in the order of their ids. */
  async list(page: PageRequest): Promise<Page<PlanEntity>> {
    const where = page.after === undefined ? {} : { id: MoreThan(page.after) };
    const take = page.limit + 1;
    const rows = await this.dataSource.manager.find(PlanEntity, { where, order: { id: 'ASC' }, take });
    return pageOf(rows, page.limit);
  }

  /** @throws CodedError `not_found` */
  async get(id: string): Promise<PlanEntity> {
    return (await this.dataSource.manager.findOneBy(PlanEntity, { id })) ?? unknownPlan(id);
  }

  exists(id: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(PlanEntity, { id });
  }

  /** As `get`; nobody else changes the plan until the transaction ends. */
  async lock(manager: EntityManager, id: string): Promise<PlanEntity> {
    const lock = { mode: 'pessimistic_write' } as const;
    return (await manager.findOne(PlanEntity, { where: { id }, lock })) ?? unknownPlan(id);
  }

  /** @throws CodedError `conflict` where the id is taken. */
  async insert(manager: EntityManager, plan: PlanRow): Promise<void> {
    try {
      await manager.insert(PlanEntity, plan);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new CodedError(
        'conflict',
        `There is a plan ${plan.id} already. Change it, or choose another id.`,
      );
    }
  }

  async update(manager: EntityManager, plan: PlanRow): Promise<void> {
    await manager.update(PlanEntity, { id: plan.id }, plan);
  }

  /** @throws CodedError `conflict` where users have the plan. */
  async delete(manager: EntityManager, id: string): Promise<void> {
    try {
      await manager.delete(PlanEntity, { id });
    } catch (error) {
      if (!breaksReference(error)) throw error;
      throw new CodedError(
        'conflict',
        `Users have the plan ${id}. Give them another one first (PATCH /admin/users/:id).`,
      );
    }
  }
}

function unknownPlan(id: string): never {
  throw new CodedError('not_found', `There is no plan ${id}. GET /admin/plans lists them.`);
}
