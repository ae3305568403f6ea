import { Column } from 'typeorm';

import { type LimitFields } from '../domain/limit.js';

// Limits end at 9e15, so every bigint of theirs is a safe integer.
const amount = { type: 'bigint', nullable: true, transformer: { to: identity, from: toNumber } } as const;

/** The columns of the limit fields, as a plan and a RateLimit share them. Money in nano-dollars; 0 is unlimited. */
export abstract class LimitColumns implements LimitFields {
  @Column({ ...amount, name: 'monthly_token_limit' })
  monthlyTokenLimit!: number | null;

  @Column({ ...amount, name: 'monthly_call_limit' })
  monthlyCallLimit!: number | null;

  @Column({ ...amount, name: 'monthly_cost_limit_nano_usd' })
  monthlyCostLimitNanoUsd!: number | null;

  @Column({ ...amount, name: 'video_generation_limit' })
  videoGenerationLimit!: number | null;

  @Column({ ...amount, name: 'image_generation_limit' })
  imageGenerationLimit!: number | null;

  @Column({ ...amount, name: 'script_generation_limit' })
  scriptGenerationLimit!: number | null;

  @Column({ ...amount, name: 'rolling_token_limit' })
  rollingTokenLimit!: number | null;
}

/** The limit fields of a row, and nothing else of it. */
export function limitFieldsOf(row: LimitFields): LimitFields {
  return {
    monthlyTokenLimit: row.monthlyTokenLimit,
    monthlyCallLimit: row.monthlyCallLimit,
    monthlyCostLimitNanoUsd: row.monthlyCostLimitNanoUsd,
    videoGenerationLimit: row.videoGenerationLimit,
    imageGenerationLimit: row.imageGenerationLimit,
    scriptGenerationLimit: row.scriptGenerationLimit,
    rollingTokenLimit: row.rollingTokenLimit,
  };
}

function identity<T>(value: T): T {
  return value;
}

function toNumber(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
