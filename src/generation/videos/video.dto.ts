import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';

import { ModelChoiceDto } from '../model-choice.dto.js';
import { NullIsAbsent } from '../null-is-absent.js';

const ASPECT_RATIOS = ['16:9', '9:16', '1:1'] as const;
const MOST_LETTERS = 5_000;

/** What a video is to show, or to say. */
export class GenerateVideoDto extends ModelChoiceDto {
  @ApiPropertyOptional({
    type: String,
    example: 'A lighthouse at dusk',
    maxLength: MOST_LETTERS,
    description: 'What is to be seen. Either this or `script`.',
  })
  @ValidateIf(({ script }: GenerateVideoDto) => script === undefined)
  @IsString({ message: 'either prompt or script must be a text' })
  @IsNotEmpty()
  @MaxLength(MOST_LETTERS)
  prompt?: string;

  @ApiPropertyOptional({
    type: String,
    example: 'Good evening, and welcome.',
    maxLength: MOST_LETTERS,
    description: 'What an avatar is to say. Its length is the video’s.',
  })
  @ValidateIf(({ script }: GenerateVideoDto) => script !== undefined)
  @IsString()
  @IsNotEmpty()
  @MaxLength(MOST_LETTERS)
  script?: string;

  @ApiPropertyOptional({ type: 'integer', example: 8, minimum: 1, maximum: 600 })
  @NullIsAbsent()
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(600)
  durationSeconds?: number;

  @ApiPropertyOptional({ enum: ASPECT_RATIOS })
  @NullIsAbsent()
  @IsOptional()
  @IsIn(ASPECT_RATIOS)
  aspectRatio?: (typeof ASPECT_RATIOS)[number];

  @ApiPropertyOptional({ type: String, description: 'Who speaks, as the provider names them.' })
  @NullIsAbsent()
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  avatarId?: string;

  @ApiPropertyOptional({ type: String, description: 'In which voice, as the provider names it.' })
  @NullIsAbsent()
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  voiceId?: string;
}

/** A job that was taken on. */
export class VideoAcceptedDto {
  @ApiProperty({ description: 'Of the generation: GET /generations/:id. The X-Usage-Id too.' })
  id!: string;

  @ApiProperty({ enum: ['queued', 'processing', 'completed', 'failed', 'cancelled'] })
  status!: string;
}
