import { ApiProperty } from '@nestjs/swagger';
import { Equals, IsBoolean, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

import { WireFormat } from '../../http/index.js';
import { MOST_OUTPUT_TOKENS } from '../../rate-limiting/index.js';

/** What we read of a response's body; all other fields of OpenAI's reference pass through to the provider. */
@WireFormat()
export class ResponseRequestDto {
  @ApiProperty({ required: false, type: String, nullable: true, example: 'auto' })
  @IsOptional()
  @IsString()
  model?: string | null;

  @ApiProperty({
    required: false,
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'object', additionalProperties: true } }],
  })
  input?: unknown;

  @ApiProperty({ required: false, type: Boolean, nullable: true })
  @IsOptional()
  @IsBoolean()
  stream?: boolean | null;

  @ApiProperty({ required: false, type: 'integer', nullable: true, minimum: 1, maximum: MOST_OUTPUT_TOKENS })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_OUTPUT_TOKENS)
  max_output_tokens?: number | null;

  @ApiProperty({
    required: false,
    type: String,
    nullable: true,
    description: 'Continues a response of your own, at the provider that made it.',
  })
  @IsOptional()
  @IsString()
  previous_response_id?: string | null;

  @ApiProperty({ required: false, enum: [false], description: 'What runs on unseen cannot be metered.' })
  @IsOptional()
  @Equals(false, { message: 'background must be false: what a call uses is counted when it ends' })
  background?: boolean | null;

  [field: string]: unknown;
}
