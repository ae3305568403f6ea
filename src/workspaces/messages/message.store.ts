import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { readSql, SqlPool } from '../../database/index.js';
import { type PageRequest } from '../../identity/index.js';
import { type Hold, type KeptFate, type Reservation, type ReservationId } from '../../rate-limiting/index.js';

import { MessageEntity, type MessageFault, type MessageWish } from './message.entity.js';
import { mayFollow, MESSAGE_STAGES, type MessageStage } from './message-stage.js';

const sql = (file: string) => readSql({ scope: 'messages', folder: join(__dirname, 'sql'), file });
const INSERT = sql('insert-message');
const WITHDRAW = sql('withdraw-message');
const claim = (which: string) =>
  readSql({ scope: 'messages', folder: join(__dirname, 'sql'), file: 'claim-message', choices: { which } });
const CLAIM_NEXT = claim('$2::text IS NULL');
const CLAIM_ONE = claim('id = $2::text');
const WRITE = sql('write-message');
const RENEW = sql('renew-leases');
const NEWEST = sql('newest-messages');
const DUE = sql('due-workspaces');
const FATES = sql('run-fates');
const COUNT = sql('count-messages');
const UNANNOUNCED = sql('unannounced');
const MARK_ANNOUNCED = sql('mark-announced');

/** A message as it was last seen. */
export type Message = Readonly<Pick<MessageEntity, keyof MessageEntity>>;

/** As much of it as its workspace's members may be told. */
export type SeenMessage = Pick<
  Message,
  | 'id'
  | 'workspaceId'
  | 'caller'
  | 'sequenceIndex'
  | 'htmlTag'
  | 'stage'
  | 'attempts'
  | 'reservationId'
  | 'result'
  | 'usage'
  | 'error'
  | 'createdAt'
  | 'completedAt'
> & { readonly wish: Pick<MessageWish, 'responseFormat'> };

export type NewMessage = Pick<
  Message,
  'id' | 'workspaceId' | 'caller' | 'wish' | 'sequenceIndex' | 'htmlTag' | 'traceparent'
>;

/** A message in the hands of one run, whose id nobody else has. */
export interface ClaimedMessage extends Message {
  readonly reservationId: ReservationId;
  /** What the run before it held when it died. */
  readonly leftBehind: Reservation | null;
}

/** Who takes a message on, and which. */
export interface Claim {
  readonly workspaceId: string;
  /** Only this one; else the next. */
  readonly id?: string;
  readonly worker: string;
  readonly reservationId: ReservationId;
  readonly leaseMs: number;
}

/** What a run learned of its message. */
export type MessagePatch = Partial<Pick<Message, 'attempts' | 'reservation' | 'result' | 'usage' | 'error'>>;

/** How long ago a message was published. */
export interface MessageAge {
  readonly seconds: number;
}

/** The messages of a stage: how many, and the age of the oldest. */
export interface StageCount extends Record<string, unknown> {
  readonly stage: MessageStage;
  readonly count: number;
  /** Seconds since it was published. */
  readonly oldestSec: number;
  /** Seconds that the one that is due longest has waited for a worker; `null` where none is due. */
  readonly dueSec: number | null;
}

/** A message and where it is to be worked at. */
export type Announced = Pick<Message, 'id' | 'workspaceId'>;

const NOT_STORED: MessageFault = {
  code: 'store_unavailable',
  message:
    'It could not be told in time whether this was stored, so who published it was told that it was not. Nothing was charged.',
};
const NOBODY = { claimedBy: null, reservation: null, usage: null, announcedAt: null };

/**
 * The table of messages. Which run a message belongs to is told by the reservation id that was chosen when the run took it on:
 * whatever a run writes counts only while that stands there. Instants are the database's, so that skewed clocks agree.
 */
@Injectable()
export class MessageStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly pool: SqlPool,
  ) {}

  /** @returns false where there is no such workspace. */
  async insert(message: NewMessage): Promise<boolean> {
    const { id, workspaceId, caller, wish, sequenceIndex, htmlTag, traceparent } = message;
    const documents = [JSON.stringify(caller), JSON.stringify(wish)];
    const values = [id, workspaceId, ...documents, sequenceIndex, htmlTag, traceparent];
    return (await this.pool.query(INSERT, values)).length === 1;
  }

  /** Takes back a message whose insert was not answered and may still come, unless a worker has taken it. May be repeated. */
  async withdraw(message: Omit<NewMessage, 'traceparent'>): Promise<'withdrawn' | 'taken'> {
    const { id, workspaceId, caller, wish, sequenceIndex, htmlTag } = message;
    const documents = [JSON.stringify(caller), JSON.stringify(wish)];
    const values = [id, workspaceId, ...documents, sequenceIndex, htmlTag, JSON.stringify(NOT_STORED)];
    if ((await this.pool.query(WITHDRAW, values)).length === 1) return 'withdrawn';
    // Where it is not there it went with its workspace, and can come no more.
    const found = await this.find(id);
    return found && !isWithdrawn(found) ? 'taken' : 'withdrawn';
  }

  async find(id: string): Promise<Message | undefined> {
    return (await this.dataSource.manager.findOneBy(MessageEntity, { id })) ?? undefined;
  }

  /** Of a workspace, the newest first: one more than asked for, where there is one. */
  newest(
    workspaceId: string,
    { stages, after, limit }: PageRequest & { readonly stages: readonly MessageStage[] },
  ): Promise<SeenMessage[]> {
    return this.pool.query(NEWEST, [workspaceId, stages, after ?? null, limit + 1]);
  }

  /** Takes on a message that is due; `undefined` where there is none. */
  async claim({
    workspaceId,
    id,
    worker,
    reservationId,
    leaseMs,
  }: Claim): Promise<ClaimedMessage | undefined> {
    const values = [workspaceId, id ?? null, worker, reservationId, leaseMs];
    const which = id === undefined ? CLAIM_NEXT : CLAIM_ONE;
    const [row] = await this.pool.query<{ id: string; left_behind: Reservation | null }>(which, values);
    if (!row) return undefined;
    const message = await this.find(row.id);
    // It went with its workspace.
    if (!message?.reservationId) return undefined;
    return { ...message, reservationId: message.reservationId, leftBehind: row.left_behind };
  }

  /** Writes down what a run holds. @returns its age; nothing where the message is not this run's any more. */
  hold(message: ClaimedMessage, reservation: Reservation): Promise<MessageAge | undefined> {
    return this.write(message, {
      seenIn: ['processing'],
      set: { reservation: { ...reservation, kept: true } },
    });
  }

  /** Keeps an answer: from then on it is charged, whoever dies. May be repeated. */
  answer(message: ClaimedMessage, patch: MessagePatch): Promise<MessageAge | undefined> {
    const set = { error: null, ...patch, stage: 'settling' as const };
    return this.write(message, { seenIn: stagesBefore('settling'), set });
  }

  /**
   * Ends a message: as completed where it is charged, as failed where it came to nothing. That is told only in the stage in
   * which the run knows it: one that does not know that its answer was kept must not throw it away.
   */
  end(
    message: ClaimedMessage,
    stage: 'completed' | 'failed',
    patch: MessagePatch = {},
  ): Promise<MessageAge | undefined> {
    const set = { ...patch, claimedBy: null, reservation: null, stage };
    const seenIn = stage === 'completed' ? stagesBefore(stage) : [message.stage, stage];
    return this.write(message, { seenIn, set });
  }

  /** Lets go of a message until it is due again; only in the stage in which the run knows it. */
  putBack(
    message: ClaimedMessage,
    waitMs: number,
    patch: MessagePatch = {},
  ): Promise<MessageAge | undefined> {
    const set = { ...patch, ...NOBODY, stage: 'queued' as const };
    return this.write(message, { seenIn: [message.stage], set, dueInMs: waitMs });
  }

  /** Pushes out the leases of runs. @returns those that still have their message, by their reservation ids. */
  async renew(messages: readonly ClaimedMessage[], leaseMs: number): Promise<ReadonlySet<string>> {
    const ids = messages.map(({ id }) => id);
    const runs = messages.map(({ reservationId }) => reservationId);
    const rows = await this.pool.query<{ run: string }>(RENEW, [ids, runs, leaseMs]);
    return new Set(rows.map(({ run }) => run));
  }

  /** Those of the workspaces that have something to do. */
  async withDueMessages(workspaceIds: readonly string[]): Promise<readonly string[]> {
    return (await this.pool.query<{ id: string }>(DUE, [workspaceIds])).map(({ id }) => id);
  }

  /** What became of runs; of those of others, and of those that the ledger tells of, nothing. */
  async fatesOf(
    ids: readonly ReservationId[],
    leaseMs: number,
  ): Promise<ReadonlyMap<ReservationId, KeptFate>> {
    const rows = await this.pool.query<{ id: ReservationId; fate: KeptFate }>(FATES, [ids, leaseMs]);
    return new Map(rows.map(({ id, fate }) => [id, fate]));
  }

  /** What is held for answers that are kept and not charged yet. */
  async holdsOfAnswers(): Promise<readonly Hold[]> {
    const asked = { where: { stage: 'settling' as const }, select: { id: true, reservation: true } };
    const settling = await this.dataSource.manager.find(MessageEntity, asked);
    return settling.flatMap(({ reservation }) => reservation?.hold ?? []);
  }

  /** What is under way, by its stage. */
  countUnderWay(): Promise<StageCount[]> {
    return this.pool.query(COUNT);
  }

  /** Those that are due and that the broker knows nothing of. */
  unannounced(limit: number): Promise<Announced[]> {
    return this.pool.query(UNANNOUNCED, [limit]);
  }

  async markAnnounced(ids: readonly string[]): Promise<void> {
    await this.pool.query(MARK_ANNOUNCED, [ids]);
  }

  private async write(
    { id, reservationId }: ClaimedMessage,
    { seenIn, set, dueInMs }: MessageWrite,
  ): Promise<MessageAge | undefined> {
    const values = [id, reservationId, seenIn, columnsOf(set), dueInMs ?? null];
    const [written] = await this.pool.query<{ seconds: number }>(WRITE, values);
    return written;
  }
}

interface MessageWrite {
  readonly seenIn: readonly MessageStage[];
  readonly set: Partial<Message>;
  /** Unset: as it was. */
  readonly dueInMs?: number;
}

/** A stage is its own predecessor: what is written a second time changes nothing. */
function stagesBefore(stage: MessageStage): MessageStage[] {
  return MESSAGE_STAGES.filter((before) => before === stage || mayFollow(before, stage));
}

/** One that has failed before any worker took it. */
function isWithdrawn({ stage, reservationId }: Message): boolean {
  return stage === 'failed' && reservationId === null;
}

/** `claimedBy` is `claimed_by` there. */
function columnsOf(fields: Partial<Message>): string {
  const column = (field: string) => field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
  return JSON.stringify(
    Object.fromEntries(Object.entries(fields).map(([field, value]) => [column(field), value])),
  );
}
