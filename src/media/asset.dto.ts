import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';

import { PageQuery, PageView } from '../identity/index.js';

import { type AssetKind, type MediaFormatName } from './media-format.js';

const NO_CONTROLS = /^\P{Cc}*$/u;

/** The last second that a Date can hold. */
const LAST_SECOND = 8_640_000_000_000;

/** `?tag&date&q` and the page. */
export class AssetQuery extends PageQuery {
  @ApiPropertyOptional({ type: String, example: 'lighthouse', description: 'One tag, whole.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim().toLowerCase() : value,
  )
  @IsString()
  @Length(1, 100)
  @Matches(NO_CONTROLS, { message: '$property must not hold control characters' })
  tag?: string;

  @ApiPropertyOptional({ type: String, format: 'date', example: '2026-11-21', description: 'A day in UTC.' })
  @IsOptional()
  @IsISO8601({ strict: true }, { message: '$property must be a day such as 2026-11-21' })
  @Matches(/^\d{4}-\d\d-\d\d$/, { message: '$property must be a day such as 2026-11-21' })
  date?: string;

  @ApiPropertyOptional({
    type: String,
    example: 'at dusk',
    description: 'A part of the prompt, in whatever case.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  @Matches(NO_CONTROLS, { message: '$property must not hold control characters' })
  q?: string;
}

/** What a signed link carries. Who sends neither has to be the asset's owner. */
export class AssetLinkQuery {
  @ApiPropertyOptional({
    type: 'integer',
    example: 1795305600,
    description: 'Unix seconds, out of a signed `url`.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(LAST_SECOND)
  expires?: number;

  @ApiPropertyOptional({ type: String, description: 'HMAC-SHA256 in base64url, out of a signed `url`.' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  signature?: string;
}

/** One asset in a list. */
export class AssetDto {
  @ApiProperty({ type: String, format: 'uuid' })
  assetId!: string;

  @ApiProperty({ type: String, description: 'A signed path: works without a header for 24 hours.' })
  url!: string;

  @ApiProperty({ enum: ['image', 'video'] })
  kind!: AssetKind;

  @ApiProperty({ enum: ['png', 'jpeg', 'webp', 'gif', 'mp4', 'webm'] })
  format!: MediaFormatName;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Pixels; null where a video’s file does not tell.',
  })
  width!: number | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Pixels; null where a video’s file does not tell.',
  })
  height!: number | null;

  @ApiProperty({ type: 'integer' })
  bytes!: number;

  @ApiProperty({ type: Number, nullable: true })
  durationSeconds!: number | null;

  @ApiProperty({ type: [String], example: ['lighthouse', 'dusk', 'cuota', 'ai-generated'] })
  tags!: readonly string[];

  @ApiProperty({ type: String })
  prompt!: string;

  @ApiProperty({ type: String })
  provider!: string;

  @ApiProperty({ type: String })
  model!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The X-Usage-Id of the call that made it.' })
  usageId!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The X-Request-Id of the request that asked for it, where there was one.',
  })
  requestId!: string | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;
}

/** A part of the list of assets. */
export class AssetPageDto extends PageView(AssetDto) {}
