import { Column, Entity, PrimaryColumn } from 'typeorm';

import { type ActualUsage, type Reservation, type ReservationId } from '../../rate-limiting/index.js';

import { type VideoWish } from './video-call.js';
import { type VideoStage } from './video-stage.js';

/** Why a job failed, for who asked for it. Never a key. */
export interface VideoFault {
  readonly code: string;
  readonly message: string;
}

/** A job that makes one video. */
@Entity({ name: 'video_job' })
export class VideoJobEntity {
  /** Of its reservation, and of its ledger row. */
  @PrimaryColumn({ type: 'text' })
  id!: ReservationId;

  @Column({ name: 'user_id', type: 'text' })
  userId!: string;

  @Column({ type: 'text' })
  stage!: VideoStage;

  @Column({ type: 'jsonb' })
  wish!: VideoWish;

  /** What is held for it: whoever ends it settles or releases that. */
  @Column({ type: 'jsonb' })
  reservation!: Reservation;

  /** Who makes it, or was asked to. */
  @Column({ type: 'text', nullable: true })
  provider!: string | null;

  @Column({ type: 'text', nullable: true })
  model!: string | null;

  /** The workspace's own key that it was asked for with; `null`: the operator's. */
  @Column({ name: 'provider_key_id', type: 'text', nullable: true })
  providerKeyId!: string | null;

  @Column({ name: 'provider_job_id', type: 'text', nullable: true })
  providerJobId!: string | null;

  /** As planned. */
  @Column({ type: 'double precision' })
  seconds!: number;

  @Column({ type: 'text' })
  size!: string;

  /** As the provider counted. */
  @Column({ name: 'made_seconds', type: 'double precision', nullable: true })
  madeSeconds!: number | null;

  /** 0 to 100. */
  @Column({ type: 'double precision' })
  progress!: number;

  @Column({ name: 'asset_id', type: 'text', nullable: true })
  assetId!: string | null;

  /** What it is charged, once that is decided. */
  @Column({ type: 'jsonb', nullable: true })
  usage!: ActualUsage | null;

  @Column({ type: 'jsonb', nullable: true })
  error!: VideoFault | null;

  /** Of its present step. */
  @Column({ type: 'integer' })
  attempts!: number;

  @Column({ name: 'due_at', type: 'timestamptz' })
  dueAt!: Date;

  /** Names who works at it, and tells them from who did before. */
  @Column({ name: 'lease_token', type: 'text', nullable: true })
  leaseToken!: string | null;

  @Column({ name: 'lease_until', type: 'timestamptz', nullable: true })
  leaseUntil!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'completed_at', type: 'timestamptz', nullable: true })
  completedAt!: Date | null;

  /** Deleted by its owner, who is not shown it any more. */
  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;
}
