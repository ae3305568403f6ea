import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min, ValidateBy } from 'class-validator';

import { type LimitFields, parseUsd } from '../../rate-limiting/index.js';

/** Above this a JSON number would not be exact for sure. */
const MOST = 9e15;

function IsLimit(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 0, maximum: MOST, description }),
    IsOptional(),
    IsInt(),
    Min(0),
    Max(MOST),
  );
}

function IsUsd(): PropertyDecorator {
  return ValidateBy({
    name: 'isUsd',
    validator: {
      validate: (value) => typeof value === 'string' && parseUsd(value) !== undefined,
      defaultMessage: () =>
        '$property must be a string with a decimal amount of USD below a million, such as "12.50"',
    },
  });
}

/** The limit fields of a body. 0 is unlimited; null and left out inherit. */
export class LimitFieldsDto {
  @IsLimit('Tokens a month. 0 is unlimited, null inherits.')
  monthlyTokenLimit?: number | null;

  @IsLimit('Calls a month.')
  monthlyCallLimit?: number | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: '12.50',
    description: 'USD a month, a decimal string.',
  })
  @IsOptional()
  @IsUsd()
  monthlyCostLimitUsd?: string | null;

  @IsLimit('Videos a month.')
  videoGenerationLimit?: number | null;

  @IsLimit('Images a month.')
  imageGenerationLimit?: number | null;

  @IsLimit('Scripts a month.')
  scriptGenerationLimit?: number | null;

  @IsLimit(
    'Tokens in a rolling window: of a user in the last 30 days, beside the monthly limits; of a workspace or workflow in the last QUOTA_WINDOW_DAYS. A plan’s holds where its quotaWindow is rolling, instead of monthlyTokenLimit.',
  )
  rollingTokenLimit?: number | null;
}

/** The fields of a body, what it leaves out taken from `former`. */
export function limitFieldsFrom(body: LimitFieldsDto, former: LimitFields): LimitFields {
  const { monthlyCostLimitUsd } = body;
  return {
    monthlyTokenLimit: given(body.monthlyTokenLimit, former.monthlyTokenLimit),
    monthlyCallLimit: given(body.monthlyCallLimit, former.monthlyCallLimit),
    monthlyCostLimitNanoUsd: given(
      typeof monthlyCostLimitUsd === 'string' ? parseUsd(monthlyCostLimitUsd) : monthlyCostLimitUsd,
      former.monthlyCostLimitNanoUsd,
    ),
    videoGenerationLimit: given(body.videoGenerationLimit, former.videoGenerationLimit),
    imageGenerationLimit: given(body.imageGenerationLimit, former.imageGenerationLimit),
    scriptGenerationLimit: given(body.scriptGenerationLimit, former.scriptGenerationLimit),
    rollingTokenLimit: given(body.rollingTokenLimit, former.rollingTokenLimit),
  };
}

/** `null` is an answer, `undefined` is none. */
export function given<T>(value: T | undefined, otherwise: T): T {
  return value === undefined ? otherwise : value;
}
