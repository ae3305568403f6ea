import { ApiProperty } from '@nestjs/swagger';

import { formatUsd, type LimitFields } from '../../rate-limiting/index.js';
import { type Shown } from '../shown.js';

const limit = { type: 'integer', nullable: true, minimum: 0 } as const;

/** The limit fields as the API shows them. */
export class LimitFieldsView {
  @ApiProperty({
    ...limit,
    example: 100000,
    description: 'Tokens a month. 0 is unlimited, null is inherited.',
  })
  monthlyTokenLimit!: number | null;

  @ApiProperty({ ...limit, example: 500, description: 'Calls a month.' })
  monthlyCallLimit!: number | null;

  @ApiProperty({ type: String, nullable: true, example: '5', description: 'USD a month, a decimal string.' })
  monthlyCostLimitUsd!: string | null;

  @ApiProperty({ ...limit, example: 2, description: 'Videos a month.' })
  videoGenerationLimit!: number | null;

  @ApiProperty({ ...limit, example: 20, description: 'Images a month.' })
  imageGenerationLimit!: number | null;

  @ApiProperty({ ...limit, example: 50, description: 'Scripts a month.' })
  scriptGenerationLimit!: number | null;

  @ApiProperty({ ...limit, example: null, description: 'Tokens in a rolling window of days.' })
  rollingTokenLimit!: number | null;
}

/** The limit fields of a row, money as a decimal string. */
export function limitFieldsView(fields: LimitFields): Shown<LimitFieldsView> {
  const { monthlyCostLimitNanoUsd } = fields;
  return {
    monthlyTokenLimit: fields.monthlyTokenLimit,
    monthlyCallLimit: fields.monthlyCallLimit,
    monthlyCostLimitUsd: monthlyCostLimitNanoUsd === null ? null : formatUsd(monthlyCostLimitNanoUsd),
    videoGenerationLimit: fields.videoGenerationLimit,
    imageGenerationLimit: fields.imageGenerationLimit,
    scriptGenerationLimit: fields.scriptGenerationLimit,
    rollingTokenLimit: fields.rollingTokenLimit,
  };
}
