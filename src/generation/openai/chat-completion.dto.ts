import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  Min,
} from 'class-validator';

import { WireFormat } from '../../http/index.js';
import { MOST_OUTPUT_TOKENS } from '../../rate-limiting/index.js';

/** What we read of a chat completion's body; all other fields of OpenAI's reference pass through to the provider. */
@WireFormat()
export class ChatCompletionDto {
  @ApiProperty({
    required: false,
    type: String,
    nullable: true,
    example: 'auto',
    description: 'A model, an alias, `provider/model`, or `auto`.',
  })
  @IsOptional()
  @IsString()
  model?: string | null;

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } })
  @IsArray()
  @ArrayNotEmpty()
  @IsObject({ each: true })
  messages!: Record<string, unknown>[];

  @ApiProperty({ required: false, type: Boolean, nullable: true })
  @IsOptional()
  @IsBoolean()
  stream?: boolean | null;

  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: true })
  @IsOptional()
  @IsObject()
  stream_options?: Record<string, unknown> | null;

  @ApiProperty({
    required: false,
    type: 'integer',
    nullable: true,
    minimum: 1,
    maximum: 128,
    description: 'How many answers; each is reserved for.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(128)
  n?: number | null;

  @ApiProperty({ required: false, type: 'integer', nullable: true, minimum: 1, maximum: MOST_OUTPUT_TOKENS })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_OUTPUT_TOKENS)
  max_tokens?: number | null;

  @ApiProperty({ required: false, type: 'integer', nullable: true, minimum: 1, maximum: MOST_OUTPUT_TOKENS })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_OUTPUT_TOKENS)
  max_completion_tokens?: number | null;

  [field: string]: unknown;
}
