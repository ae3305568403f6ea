import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';

import { PageQuery, PageView } from '../../identity/index.js';
import { UsageDto } from '../generation.views.js';
import { type GenerationStatus } from '../videos/video-stage.js';

/** What is shown as a generation. */
export const GENERATED = ['script_generation', 'image_generation', 'video_generation'] as const;
export type Generated = (typeof GENERATED)[number];

const STATUSES: readonly GenerationStatus[] = ['queued', 'processing', 'completed', 'failed', 'cancelled'];

/** `?operation&status` and the page. */
export class GenerationQuery extends PageQuery {
  @ApiPropertyOptional({ enum: GENERATED })
  @IsOptional()
  @IsIn(GENERATED)
  operation?: Generated;

  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  status?: GenerationStatus;
}

export class GenerationAssetDto {
  @ApiProperty({ type: String, format: 'uuid' })
  assetId!: string;

  @ApiProperty({ type: String, description: 'A signed path: works without a header for 24 hours.' })
  url!: string;

  @ApiProperty({ example: 'mp4' })
  format!: string;

  @ApiProperty({ type: 'integer' })
  bytes!: number;

  @ApiProperty({ type: 'integer', nullable: true })
  width!: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  height!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  durationSeconds!: number | null;
}

export class GenerationErrorDto {
  @ApiProperty({ example: 'provider_failed' })
  code!: string;

  @ApiProperty()
  message!: string;
}

/** A generation: how far it is, what came of it, and what that used. */
export class GenerationDto {
  @ApiProperty({ type: String, format: 'uuid', description: 'The X-Usage-Id of the call.' })
  id!: string;

  @ApiProperty({ enum: GENERATED })
  operation!: string;

  @ApiProperty({ enum: STATUSES })
  status!: GenerationStatus;

  @ApiProperty({ type: String, nullable: true, description: 'null until somebody was asked.' })
  provider!: string | null;

  @ApiProperty({ type: String, nullable: true })
  model!: string | null;

  @ApiProperty({ type: [GenerationAssetDto] })
  assets!: readonly GenerationAssetDto[];

  @ApiProperty({
    type: UsageDto,
    nullable: true,
    description: 'null for what costs nothing, so far or for ever.',
  })
  usage!: UsageDto | null;

  @ApiProperty({ type: GenerationErrorDto, nullable: true })
  error!: GenerationErrorDto | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When it ended, however.' })
  completedAt!: Date | null;
}

/** A part of the list of generations. */
export class GenerationPageDto extends PageView(GenerationDto) {}
