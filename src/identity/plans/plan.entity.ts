import { Column, Entity, PrimaryColumn } from 'typeorm';

import { LimitColumns } from '../../rate-limiting/index.js';

/** How often one endpoint may be called: permits refilled a minute, and how many may be saved up. */
export interface EndpointRate {
  readonly requestsPerMinute: number;
  readonly burst: number;
}

/** Rates by endpoint: `POST /v1/chat/completions`. */
export type EndpointRates = Readonly<Record<string, EndpointRate>>;

export const QUOTA_WINDOWS = ['calendar', 'rolling'] as const;
export type QuotaWindow = (typeof QUOTA_WINDOWS)[number];

/** The plan of whoever has no other. */
export const FREE_PLAN = 'free';

/** A named set of limits. A limit of `0` or `null` is unlimited: a plan inherits from nothing. */
@Entity({ name: 'plan' })
export class PlanEntity extends LimitColumns {
  /** A slug. */
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  /** The most output tokens of one call. */
  @Column({ name: 'max_output_tokens', type: 'integer', nullable: true })
  maxOutputTokens!: number | null;

  @Column({ name: 'quota_window', type: 'text', default: 'calendar' })
  quotaWindow!: QuotaWindow;

  /** Of every endpoint that `endpointRates` does not name; `null` leaves it to the route's default. */
  @Column({ name: 'requests_per_minute', type: 'integer', nullable: true })
  requestsPerMinute!: number | null;

  @Column({ type: 'integer', nullable: true })
  burst!: number | null;

  @Column({ name: 'endpoint_rates', type: 'jsonb', default: {} })
  endpointRates!: EndpointRates;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}

/** A plan’s row as it is made and passed on. */
export type PlanRow = Pick<PlanEntity, keyof PlanEntity>;
