import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional } from 'class-validator';

import { LimitFieldsView, limitFieldsView, MayBeAbsent, type Shown } from '../../identity/index.js';
import {
  type Enforcement,
  ENFORCEMENTS,
  LIMITED_KINDS,
  type LimitedKind,
  type RateLimitRow,
} from '../../rate-limiting/index.js';

import { LimitFieldsDto } from './limit-fields.dto.js';
import { HeldTo } from '../../input-rules.js';
import { heldBy } from './held-limits.rule.js';

const ENFORCEMENT_MEANS =
  'hard denies, soft lets through and warns, shadow only counts. null is hard, of a workspace or workflow QUOTA_ENFORCEMENT. Of a user it holds for the inherited limits too.';

/** A whole RateLimit: a field that is left out becomes null. */
export class PutRateLimitDto extends LimitFieldsDto {
  @ApiPropertyOptional({ enum: ENFORCEMENTS, nullable: true, description: ENFORCEMENT_MEANS })
  @IsOptional()
  @IsIn(ENFORCEMENTS)
  enforcement?: Enforcement | null;

  @ApiPropertyOptional({ default: true, description: 'false: kept, but not held.' })
  @MayBeAbsent()
  @IsBoolean()
  isActive?: boolean;
}

@HeldTo(heldBy('apiKey'))
export class PutApiKeyLimitDto extends PutRateLimitDto {}

@HeldTo(heldBy('workspace'))
export class PutWorkspaceLimitDto extends PutRateLimitDto {}

@HeldTo(heldBy('workflow'))
export class PutWorkflowLimitDto extends PutRateLimitDto {}

/** Whom a RateLimit is for. */
export class LimitSubjectView {
  @ApiProperty({ enum: LIMITED_KINDS })
  kind!: LimitedKind;

  @ApiProperty()
  id!: string;
}

/** A RateLimit as the API shows it. */
export class RateLimitView extends LimitFieldsView {
  @ApiProperty({ type: LimitSubjectView })
  subject!: LimitSubjectView;

  @ApiProperty({ enum: ENFORCEMENTS, nullable: true, description: ENFORCEMENT_MEANS })
  enforcement!: Enforcement | null;

  @ApiProperty()
  isActive!: boolean;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt!: Date;
}

export function rateLimitView(row: RateLimitRow): Shown<RateLimitView> {
  const { subjectKind, subjectId, enforcement, isActive, createdAt, updatedAt } = row;
  const subject = { kind: subjectKind, id: subjectId };
  return { subject, ...limitFieldsView(row), enforcement, isActive, createdAt, updatedAt };
}
