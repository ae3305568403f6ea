import { Column, Entity, PrimaryColumn } from 'typeorm';

import {
  type ActualUsage,
  type Caller,
  type Reservation,
  type ReservationId,
} from '../../rate-limiting/index.js';

import { type MessageStage } from './message-stage.js';

export const RESPONSE_FORMATS = ['text', 'json'] as const;
export type ResponseFormat = (typeof RESPONSE_FORMATS)[number];

/** What a message asks for: all that is needed to answer it, by any instance. */
export interface MessageWish {
  readonly prompt: string;
  readonly content?: string | undefined;
  readonly systemPrompt?: string | undefined;
  readonly model?: string | undefined;
  readonly responseFormat: ResponseFormat;
}

/** Why a message has failed, or failed last, for who published it. Never a key. */
export interface MessageFault {
  readonly code: string;
  readonly message: string;
  /** Of a denial: every limit that it broke. */
  readonly limits?: unknown;
}

/** A prompt that a member published to a workspace, and what came of it. */
@Entity({ name: 'message' })
export class MessageEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'workspace_id', type: 'text' })
  workspaceId!: string;

  /** Who published it, and is charged. */
  @Column({ type: 'jsonb' })
  caller!: Caller;

  @Column({ type: 'jsonb' })
  wish!: MessageWish;

  @Column({ name: 'sequence_index', type: 'integer', nullable: true })
  sequenceIndex!: number | null;

  @Column({ name: 'html_tag', type: 'text', nullable: true })
  htmlTag!: string | null;

  @Column({ type: 'text' })
  stage!: MessageStage;

  /** Runs that were begun and not only waited. */
  @Column({ type: 'integer' })
  attempts!: number;

  /** When a worker may take it: of one that is worked at, when its lease is over. */
  @Column({ name: 'due_at', type: 'timestamptz' })
  dueAt!: Date;

  /** The worker that has it. */
  @Column({ name: 'claimed_by', type: 'text', nullable: true })
  claimedBy!: string | null;

  /** Of its last run; chosen when it was taken. Whoever writes what came of a run names it, so that no other run can. */
  @Column({ name: 'reservation_id', type: 'text', nullable: true })
  reservationId!: ReservationId | null;

  /** What that run holds, once it holds something. */
  @Column({ type: 'jsonb', nullable: true })
  reservation!: Reservation | null;

  /** Of the runs before: they came to nothing. */
  @Column({ name: 'past_reservations', type: 'text', array: true })
  pastReservations!: ReservationId[];

  @Column({ type: 'text', nullable: true })
  result!: string | null;

  /** What it is charged, once it was answered. */
  @Column({ type: 'jsonb', nullable: true })
  usage!: ActualUsage | null;

  @Column({ type: 'jsonb', nullable: true })
  error!: MessageFault | null;

  /** When the broker confirmed that it has word of it; null where it is to be told, or told again. */
  @Column({ name: 'announced_at', type: 'timestamptz', nullable: true })
  announcedAt!: Date | null;

  /** The trace that it was published in. */
  @Column({ type: 'text', nullable: true })
  traceparent!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'completed_at', type: 'timestamptz', nullable: true })
  completedAt!: Date | null;
}
