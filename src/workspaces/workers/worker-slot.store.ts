import { join } from 'node:path';

import { Injectable } from '@nestjs/common';

import { readSql, SqlPool, type SqlSession } from '../../database/index.js';

import { nextShareStep, type ShareStep } from './slot-share.js';

const sql = (file: string) => readSql({ scope: 'workers', folder: join(__dirname, 'sql'), file });
const LOCK = sql('share-lock');
const BEAT = sql('beat-instance');
const LEAVE = sql('leave-instance');
const FREE = sql('free-slots');
const LAY_OUT = sql('lay-out-slots');
const COUNT = sql('count-slots');
const TAKE = sql('take-slots');
const OWN = sql('own-slots');
const DRAIN = sql('drain-slot');
const RELEASE = sql('release-slot');
const SCALE = sql('scale-workers');
const WANTED = sql('wanted-workers');
const ELSEWHERE = sql('wanted-elsewhere');
const FIND = sql('find-workers');
const COUNT_WORKERS = sql('count-workers');

const SHARE_LOCK = 7_283_033;
const SCALE_LOCK = 7_283_034;

/** How many workers a workspace has where nobody said otherwise. */
export const DEFAULT_WANTED = 1;

/** A worker's place: one of so many of a workspace. */
export interface SlotName {
  readonly workspaceId: string;
  readonly number: number;
}

export interface OwnSlot extends SlotName {
  readonly wanted: boolean;
}

export type WorkerState = 'active' | 'draining';

/** A worker that is somewhere. */
export interface WorkerRow {
  readonly number: number;
  readonly instance: string;
  readonly state: WorkerState;
  readonly messageId: string | null;
  readonly since: Date;
}

/** How many workers are wanted, and how many there are. */
export interface WorkerCount extends Readonly<Record<WorkerState, number>> {
  readonly wanted: number;
}

/** What an instance has after a step, and how many of its workers it should end. */
export interface SharedSlots {
  readonly own: readonly OwnSlot[];
  readonly give: number;
}

export interface ScaleInput {
  readonly wanted: number;
  /** In all workspaces of one owner together. */
  readonly maxPerOwner: number;
}

/** A refusal is a value: `room` is how many the workspace could have. */
export type ScaleOutcome = { readonly kind: 'scaled' } | { readonly kind: 'full'; readonly room: number };

/** The tables of who runs workers, and whose. Instants are the database's. */
@Injectable()
export class WorkerSlotStore {
  constructor(private readonly pool: SqlPool) {}

  /**
   * Says that the instance lives, frees what dead ones had, and takes the share that is its own; in turn with the others.
   * @param draining how many of its slots it is giving away already.
   */
  share(
    instance: string,
    { leaseMs, draining }: { leaseMs: number; draining: number },
  ): Promise<SharedSlots> {
    return this.pool.transaction(async (session) => {
      await session.query(LOCK, [SHARE_LOCK]);
      await session.query(BEAT, [instance, leaseMs]);
      await session.query(FREE);
      await session.query(LAY_OUT, [DEFAULT_WANTED]);
      const { take, give } = await this.step(session, instance, draining);
      if (take > 0) await session.query(TAKE, [instance, take, DEFAULT_WANTED]);
      const own = await session.query<OwnSlot & Record<string, unknown>>(OWN, [instance, DEFAULT_WANTED]);
      return { own, give };
    });
  }

  /** The instance ends: all that it has is free for others. */
  async leave(instance: string): Promise<void> {
    await this.pool.query(LEAVE, [instance]);
  }

  async drain(instance: string, { workspaceId, number }: SlotName): Promise<void> {
    await this.pool.query(DRAIN, [instance, workspaceId, number]);
  }

  async release(instance: string, { workspaceId, number }: SlotName): Promise<void> {
    await this.pool.query(RELEASE, [instance, workspaceId, number]);
  }

  /** One after the other, so that two at once do not both find the same room. Fewer than there were are always taken. */
  scale(workspaceId: string, { wanted, maxPerOwner }: ScaleInput): Promise<ScaleOutcome> {
    return this.pool.transaction(async (session) => {
      await session.query(LOCK, [SCALE_LOCK]);
      if (wanted > (await this.wantedIn(workspaceId, session))) {
        const [row] = await session.query<{ wanted: number }>(ELSEWHERE, [workspaceId, DEFAULT_WANTED]);
        const room = maxPerOwner - (row?.wanted ?? 0);
        if (wanted > room) return { kind: 'full', room: Math.max(0, room) };
      }
      await session.query(SCALE, [workspaceId, wanted]);
      return { kind: 'scaled' };
    });
  }

  async wantedIn(workspaceId: string, session: SqlSession = this.pool): Promise<number> {
    const [row] = await session.query<{ wanted: number }>(WANTED, [workspaceId]);
    return row?.wanted ?? DEFAULT_WANTED;
  }

  of(workspaceId: string): Promise<WorkerRow[]> {
    return this.pool.query<WorkerRow & Record<string, unknown>>(FIND, [workspaceId]);
  }

  /** Over all instances that live. */
  async count(): Promise<WorkerCount> {
    const rows = await this.pool.query<{ what: keyof WorkerCount; count: number }>(COUNT_WORKERS, [
      DEFAULT_WANTED,
    ]);
    const countOf = (what: keyof WorkerCount) => rows.find((row) => row.what === what)?.count ?? 0;
    return { wanted: countOf('wanted'), active: countOf('active'), draining: countOf('draining') };
  }

  private async step(session: SqlSession, instance: string, draining: number): Promise<ShareStep> {
    const rows = await session.query<{ owner: string | null; count: number }>(COUNT, [DEFAULT_WANTED]);
    const countOf = (owner: string | null) => rows.find((row) => row.owner === owner)?.count ?? 0;
    const others = rows.filter(({ owner }) => owner !== null && owner !== instance).map(({ count }) => count);
    // What it gives away is as good as free, and not to be given a second time.
    return nextShareStep({ free: countOf(null) + draining, mine: countOf(instance) - draining, others });
  }
}
