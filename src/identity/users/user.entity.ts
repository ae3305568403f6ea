import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';

import { PlanEntity } from '../plans/plan.entity.js';

export const ROLES = ['user', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const USER_STATUSES = ['active', 'disabled'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

/** Somebody who can call: a person with a password, or a program's account with API keys only. */
@Entity({ name: 'app_user' })
export class UserEntity {
  /** UUIDv7. */
  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** In lower case. */
  @Column({ type: 'text' })
  email!: string;

  /** `null`: cannot log in with a password. */
  @Column({ name: 'password_hash', type: 'text', nullable: true, select: false })
  passwordHash!: string | null;

  @Column({ type: 'text', nullable: true })
  name!: string | null;

  @Column({ name: 'plan_id', type: 'text' })
  planId!: string;

  @ManyToOne(() => PlanEntity)
  @JoinColumn({ name: 'plan_id' })
  plan?: Relation<PlanEntity>;

  @Column({ type: 'text' })
  role!: Role;

  @Column({ type: 'text' })
  status!: UserStatus;

  /** 1 to 31; `null` is the 1st. */
  @Column({ name: 'billing_day', type: 'smallint', nullable: true })
  billingDay!: number | null;

  /** IANA name; `null` is QUOTA_TIMEZONE. */
  @Column({ type: 'text', nullable: true })
  timezone!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

/** A user’s row as it is made and passed on. */
export type UserRow = Pick<UserEntity, keyof UserEntity>;
