import { Column, Entity, PrimaryColumn } from 'typeorm';

import { type Enforcement } from './domain/limit.js';
import { LimitColumns } from './limits/limit.columns.js';

/** Whom a RateLimit is for. */
export const LIMITED_KINDS = ['user', 'apiKey', 'workspace', 'workflow'] as const;
export type LimitedKind = (typeof LIMITED_KINDS)[number];

/** The limits of one subject of its own, above what it inherits. `0` is unlimited, `null` inherits. */
@Entity({ name: 'rate_limit' })
export class RateLimitEntity extends LimitColumns {
  @PrimaryColumn({ name: 'subject_kind', type: 'text' })
  subjectKind!: LimitedKind;

  @PrimaryColumn({ name: 'subject_id', type: 'text' })
  subjectId!: string;

  /** How the subject's limits are held; `null` is hard. */
  @Column({ type: 'text', nullable: true })
  enforcement!: Enforcement | null;

  /** False: the row is there, and holds nothing. */
  @Column({ name: 'is_active', type: 'boolean', default: true })
  isActive!: boolean;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}

/** A RateLimit’s row as it is made and passed on. */
export type RateLimitRow = Pick<RateLimitEntity, keyof RateLimitEntity>;
