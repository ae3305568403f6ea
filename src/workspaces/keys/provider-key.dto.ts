import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, Matches, Max, Min, ValidateNested } from 'class-validator';

import { IsLine, MayBeAbsent, PageQuery, PageView, type Shown } from '../../identity/index.js';

import { type ProviderKeyRow } from './provider-key.entity.js';
import { HeldTo } from '../../input-rules.js';
import { KnownProvider } from './known-provider.rule.js';

const MOST_CALLS = 1_000_000;
const LONGEST_PERIOD_SEC = 86_400;
const WORKSPACE_ID = /^[ -~]{1,128}$/;
const WORKSPACE_ID_TAKES = '$property must be 1 to 128 printable ASCII characters';
/** Shorter ones would be told by their last four characters. */
const API_KEY = /^[!-~]{8,512}$/;

export class ProviderKeyConfigDto {
  @ApiPropertyOptional({
    example: 'gpt-4',
    description:
      'What a call that names no model is served by with this key; it is served beside those that are known.',
  })
  @MayBeAbsent()
  @IsLine(200)
  model?: string;

  @ApiPropertyOptional({
    example: '2023-05-15',
    description: 'Sent as `api-version` to a provider of the kind openai_compatible, and to no other.',
  })
  @MayBeAbsent()
  @Matches(/^[\w.-]{1,40}$/, { message: '$property must be 1 to 40 letters, digits, dots or dashes' })
  api_version?: string;
}

class ProviderKeyTermsDto {
  @ApiPropertyOptional({
    type: 'integer',
    nullable: true,
    example: 100,
    description: 'Calls in a period. null: no limit.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_CALLS)
  rate_limit?: number | null;

  @ApiPropertyOptional({ type: 'integer', example: 60, default: 60, description: 'In seconds.' })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(LONGEST_PERIOD_SEC)
  rate_limit_period?: number;

  @ApiPropertyOptional({ type: ProviderKeyConfigDto })
  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @Type(() => ProviderKeyConfigDto)
  config?: ProviderKeyConfigDto;
}

/** What may be changed of a key. */
export class PutProviderKeyDto extends ProviderKeyTermsDto {
  @ApiPropertyOptional({
    description: '8 to 512 printable ASCII characters. Kept encrypted, and never shown again.',
  })
  @MayBeAbsent()
  @Matches(API_KEY, { message: '$property must be 8 to 512 printable ASCII characters without spaces' })
  api_key?: string;
}

/** A key as it is registered with its workspace. */
export class NewProviderKeyDto extends ProviderKeyTermsDto {
  @ApiProperty({
    example: 'openai',
    description: 'openai, gemini, groq, heygen, or a name that the operator configured.',
  })
  @IsLine(64)
  name!: string;

  @ApiProperty({ example: 'sk-…' })
  @Matches(API_KEY, { message: '$property must be 8 to 512 printable ASCII characters without spaces' })
  api_key!: string;
}

/** A key for a workspace that is there. */
@HeldTo(KnownProvider)
export class AddProviderKeyDto extends NewProviderKeyDto {
  @ApiProperty({ example: 'abc-123' })
  @Matches(WORKSPACE_ID, { message: WORKSPACE_ID_TAKES })
  workspace_id!: string;
}

export class ProviderKeyQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only of this workspace.' })
  @MayBeAbsent()
  @Matches(WORKSPACE_ID, { message: WORKSPACE_ID_TAKES })
  workspace_id?: string;
}

/** A key without the key. */
export class ProviderKeyView {
  @ApiProperty({ example: '0193a5b0-7c11-7a66-b4f5-0d2a3d1c9e10' })
  id!: string;

  @ApiProperty({ example: 'abc-123' })
  workspace_id!: string;

  @ApiProperty({ example: 'openai' })
  name!: string;

  @ApiProperty({ example: 'x4Qz', description: 'The key’s last four characters.' })
  api_key_last_four!: string;

  @ApiProperty({ type: 'integer', nullable: true, example: 100 })
  rate_limit!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 60, description: 'In seconds.' })
  rate_limit_period!: number | null;

  @ApiProperty({ type: ProviderKeyConfigDto })
  config!: ProviderKeyConfigDto;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at!: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  updated_at!: Date;
}

export class ProviderKeyPage extends PageView(ProviderKeyView) {}

export function providerKeyView(row: ProviderKeyRow): Shown<ProviderKeyView> {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    name: row.provider,
    api_key_last_four: row.lastFour,
    rate_limit: row.rateLimit,
    rate_limit_period: row.rateLimitPeriodSec,
    config: row.config,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}
