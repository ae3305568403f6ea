import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull, MoreThan, Not } from 'typeorm';

import { CodedError, validationFailed } from '../../errors.js';
import { type Page, pageOf, type PageRequest } from '../page.js';
import { breaksReference, isDuplicate } from '../sql-failure.js';

import { UserEntity, type UserRow } from './user.entity.js';
import { noSuchPlan } from '../plans/plan-exists.rule.js';

/** What an admin may change of a user. */
export type UserTerms = Pick<UserRow, 'planId' | 'role' | 'status' | 'billingDay' | 'timezone'>;

/** One lock for all that decides who is an admin: two of them must not demote each other at once. */
const ADMINS_LOCK = 7_283_010;

/** The table of users, without a cache. */
@Injectable()
export class UserStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The users in the order in which they came. */
  async list(filter: { readonly email?: string | undefined }, page: PageRequest): Promise<Page<UserEntity>> {
    const query = this.dataSource.manager.createQueryBuilder(UserEntity, 'u').orderBy('u.id');
    if (filter.email !== undefined) query.andWhere('lower(u.email) = :email', { email: filter.email });
    if (page.after !== undefined) query.andWhere({ id: MoreThan(page.after) });
    return pageOf(await query.limit(page.limit + 1).getMany(), page.limit);
  }

  /** @throws CodedError `not_found` */
  async get(id: string, manager: EntityManager = this.dataSource.manager): Promise<UserEntity> {
    return (await manager.findOneBy(UserEntity, { id })) ?? unknownUser(id);
  }

  /** By id, or by the address in lower case. */
  async find({
    id,
    email,
  }: {
    readonly id?: string;
    readonly email?: string;
  }): Promise<UserEntity | undefined> {
    const query = this.dataSource.manager.createQueryBuilder(UserEntity, 'u');
    if (id !== undefined) query.where({ id });
    else query.where('lower(u.email) = :email', { email });
    return (await query.getOne()) ?? undefined;
  }

  /** As `get`; until the transaction ends nobody else changes the user, or gives it a key. */
  async lock(manager: EntityManager, id: string): Promise<UserEntity> {
    const lock = { mode: 'pessimistic_write' } as const;
    return (await manager.findOne(UserEntity, { where: { id }, lock })) ?? unknownUser(id);
  }

  /** The user of an address, with the password's hash. */
  async findForLogin(
    email: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<UserEntity | undefined> {
    const query = manager.createQueryBuilder(UserEntity, 'u').addSelect('u.passwordHash');
    return (await query.where('lower(u.email) = :email', { email }).getOne()) ?? undefined;
  }

  /** @throws CodedError `conflict` where the address is taken, `validation_failed` where there is no such plan. */
  async insert(manager: EntityManager, user: UserRow): Promise<void> {
    try {
      await manager.insert(UserEntity, user);
    } catch (error) {
      if (isDuplicate(error)) throw addressTaken(user.email);
      throw breaksReference(error) ? unknownPlan(user.planId) : error;
    }
  }

  /** @throws CodedError `validation_failed` where there is no such plan. */
  async update(manager: EntityManager, id: string, terms: UserTerms): Promise<void> {
    try {
      await manager.update(UserEntity, { id }, terms);
    } catch (error) {
      throw breaksReference(error) ? unknownPlan(terms.planId) : error;
    }
  }

  /** The users whose month does not turn with everybody's. */
  withOwnSchedule(): Promise<Pick<UserRow, 'id' | 'billingDay' | 'timezone'>[]> {
    const where = [{ billingDay: Not(IsNull()) }, { timezone: Not(IsNull()) }];
    const select = { id: true, billingDay: true, timezone: true } as const;
    return this.dataSource.manager.find(UserEntity, { where, select });
  }

  /** The ids of those whose plan counts tokens in a rolling window. */
  async onRollingPlans(): Promise<string[]> {
    const where = { plan: { quotaWindow: 'rolling' } } as const;
    const users = await this.dataSource.manager.find(UserEntity, { where, select: { id: true } });
    return users.map(({ id }) => id);
  }

  /** How many admins can act; nobody else makes or unmakes one until the transaction ends. */
  async lockAdmins(manager: EntityManager): Promise<number> {
    await manager.query('SELECT pg_advisory_xact_lock($1)', [ADMINS_LOCK]);
    return manager.countBy(UserEntity, { role: 'admin', status: 'active' });
  }
}

/** Somebody has an account with this address. */
export function addressTaken(email: string): CodedError {
  return new CodedError('conflict', `There is an account for ${email} already. Log in instead.`);
}

function unknownUser(id: string): never {
  throw new CodedError('not_found', `There is no user ${id}. GET /admin/users lists them.`);
}

function unknownPlan(id: string): CodedError {
  return validationFailed([noSuchPlan(id)]);
}
