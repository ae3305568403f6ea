import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull, LessThan } from 'typeorm';

import { readSql, SqlPool } from '../../database/index.js';
import { type PageRequest } from '../../identity/index.js';
import { type ReservationId, reservationId } from '../../rate-limiting/index.js';

import { VideoJobEntity } from './video-job.entity.js';
import { CANCELLABLE, mayFollow, type VideoStage } from './video-stage.js';

const sql = (file: string) => readSql({ scope: 'videos', folder: join(__dirname, 'sql'), file });
const INSERT = sql('insert-job');
const CLAIM = sql('claim-jobs');
const WRITE = sql('write-job');

/** How long who works at a job is left alone, unless it says that it still does. */
export const LEASE_MS = 15_000;

/** A job as it was last seen. */
export type VideoJob = Readonly<Pick<VideoJobEntity, keyof VideoJobEntity>>;

/** What a step learned of a job. */
export type JobPatch = Partial<Omit<VideoJob, 'id' | 'userId' | 'stage'>>;

const NOBODY = { leaseToken: null, leaseUntil: null };

/**
 * The table of jobs. Who works at one holds a lease with a token of its own, and whatever it then writes counts only
 * while the job is still in the stage that it was seen in, and still under that token.
 */
@Injectable()
export class VideoJobStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly pool: SqlPool,
  ) {}

  async insert(job: VideoJob): Promise<void> {
    await this.pool.query(INSERT, [columnsOf(job)]);
  }

  /**
   * Takes back a job whose insert was not answered.
   * @returns false where it was there and somebody works at it already: then it goes on.
   */
  async withdraw(id: ReservationId): Promise<boolean> {
    const { manager } = this.dataSource;
    await manager.delete(VideoJobEntity, { id, stage: 'queued', leaseToken: IsNull() });
    return !(await manager.existsBy(VideoJobEntity, { id }));
  }

  /** Takes on up to `limit` jobs that are due and that nobody works at. */
  async claim({ nowMs, limit }: { nowMs: number; limit: number }): Promise<VideoJob[]> {
    const leaseToken = randomUUID();
    const values = [timestamp(nowMs), leaseToken, timestamp(nowMs + LEASE_MS), limit];
    const claimed = await this.pool.query(CLAIM, values);
    return claimed.length === 0 ? [] : this.dataSource.manager.findBy(VideoJobEntity, { leaseToken });
  }

  /** Says that those who hold these leases are at work. */
  async renew(jobs: readonly VideoJob[], nowMs: number): Promise<void> {
    const tokens = jobs.flatMap(({ leaseToken }) => leaseToken ?? []);
    const where = { id: In(jobs.map(({ id }) => id)), leaseToken: In(tokens) };
    await this.dataSource.manager.update(VideoJobEntity, where, { leaseUntil: new Date(nowMs + LEASE_MS) });
  }

  /** The job in its next stage, still under its lease; `undefined` where it is no longer ours to move. */
  move(job: VideoJob, stage: VideoStage, patch: JobPatch = {}): Promise<VideoJob | undefined> {
    if (!mayFollow(job.stage, stage)) throw new Error(`A video job goes from ${job.stage} to no ${stage}.`);
    return this.write(job, { attempts: 0, ...patch, stage });
  }

  /** Lets go of a job, in another stage: of one that has ended for ever, else until it is due. */
  leave(job: VideoJob, stage: VideoStage, patch: JobPatch): Promise<VideoJob | undefined> {
    return this.move(job, stage, { ...patch, ...NOBODY });
  }

  /** Lets go of a job, in the stage that it is in, until its step is to be tried again. */
  rest(job: VideoJob, dueAtMs: number, patch: JobPatch = {}): Promise<VideoJob | undefined> {
    const attempts = job.attempts + 1;
    return this.write(job, { ...patch, attempts, dueAt: new Date(dueAtMs), ...NOBODY });
  }

  /** Calls a user's job off, whoever works at it. @returns whether that was in time. */
  async cancel({ id, userId }: { id: string; userId: string }, nowMs: number): Promise<boolean> {
    const where = { id: reservationId(id), userId, stage: In(CANCELLABLE) };
    const set = { stage: 'cancelled' as const, completedAt: new Date(nowMs), ...NOBODY };
    const { affected } = await this.dataSource.manager.update(VideoJobEntity, where, set);
    return affected === 1;
  }

  /** A user's own, unless that deleted it. */
  async find(id: string, userId: string): Promise<VideoJob | undefined> {
    const where = { id: reservationId(id), userId, deletedAt: IsNull() };
    return (await this.dataSource.manager.findOneBy(VideoJobEntity, where)) ?? undefined;
  }

  /** A user's own, the newest first: one more than asked for, where there is one. */
  newest(
    userId: string,
    { stages, after, limit }: PageRequest & { readonly stages: readonly VideoStage[] },
  ): Promise<VideoJob[]> {
    const before = after === undefined ? {} : { id: LessThan(reservationId(after)) };
    const where = { userId, deletedAt: IsNull(), stage: In(stages), ...before };
    const order = { id: 'DESC' } as const;
    return this.dataSource.manager.find(VideoJobEntity, { where, order, take: limit + 1 });
  }

  /** Its owner is not shown it any more. */
  async delete(id: ReservationId, nowMs: number): Promise<void> {
    await this.dataSource.manager.update(VideoJobEntity, { id }, { deletedAt: new Date(nowMs) });
  }

  /** How far jobs of these ids are; of others nothing. */
  stagesOf(ids: readonly ReservationId[]): Promise<Pick<VideoJob, 'id' | 'stage'>[]> {
    const select = { id: true, stage: true };
    return this.dataSource.manager.find(VideoJobEntity, { where: { id: In(ids) }, select });
  }

  /** All that are in one of these stages. */
  inStages(stages: readonly VideoStage[]): Promise<VideoJob[]> {
    return this.dataSource.manager.findBy(VideoJobEntity, { stage: In(stages) });
  }

  private async write(
    job: VideoJob,
    set: JobPatch & { readonly stage?: VideoStage },
  ): Promise<VideoJob | undefined> {
    const { id, stage, leaseToken } = job;
    if (leaseToken === null) throw new Error(`The video job ${id} is nobody's to move.`);
    const written = await this.pool.query(WRITE, [id, stage, leaseToken, columnsOf(set)]);
    return written.length === 1 ? { ...job, ...set } : undefined;
  }
}

/** `leaseToken` is `lease_token` there. */
function columnsOf(fields: Partial<VideoJob>): string {
  const column = (field: string) => field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
  return JSON.stringify(
    Object.fromEntries(Object.entries(fields).map(([field, value]) => [column(field), value])),
  );
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
