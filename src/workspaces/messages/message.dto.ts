import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

import { IsLine, PageQuery, PageView } from '../../identity/index.js';

import { MESSAGE_STATUSES, type MessageStatus } from './message-stage.js';
import { RESPONSE_FORMATS, type ResponseFormat } from './message.entity.js';

const MOST_PROMPT = 100_000;
const MOST_CONTENT = 1_000_000;
const WORKSPACE_ID = /^[\x20-\x7e]{1,128}$/;
const NO_WORKSPACE_ID = { message: 'workspace_id must be 1 to 128 printable ASCII characters' };

/** A prompt for a workspace's workers. */
export class PublishMessageDto {
  @ApiProperty({ example: 'What is the capital of France?', maxLength: MOST_PROMPT })
  @IsString()
  @IsNotEmpty()
  @MaxLength(MOST_PROMPT)
  prompt!: string;

  @ApiPropertyOptional({ type: String, maxLength: MOST_CONTENT, description: 'Goes after the prompt.' })
  @IsOptional()
  @IsString()
  @MaxLength(MOST_CONTENT)
  content?: string | null;

  @ApiProperty({ description: 'Of a workspace that you are a member of.' })
  @Matches(WORKSPACE_ID, NO_WORKSPACE_ID)
  workspace_id!: string;

  @ApiPropertyOptional({ type: String, example: 'gpt-4o-mini', description: 'Unset: whichever answers.' })
  @IsOptional()
  @IsLine(200)
  model?: string | null;

  @ApiPropertyOptional({
    type: String,
    example: 'You are a helpful assistant.',
    maxLength: MOST_PROMPT,
  })
  @IsOptional()
  @IsString()
  @MaxLength(MOST_PROMPT)
  system_prompt?: string | null;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, description: 'Yours, given back with the result.' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2_147_483_647)
  sequence_index?: number | null;

  @ApiPropertyOptional({ type: String, example: 'p', description: 'Yours, given back with the result.' })
  @IsOptional()
  @IsLine(100)
  html_tag?: string | null;

  @ApiPropertyOptional({
    enum: RESPONSE_FORMATS,
    default: 'text',
    description: 'json: what is no JSON is no answer, and is asked for again.',
  })
  @IsOptional()
  @IsIn(RESPONSE_FORMATS)
  response_format?: ResponseFormat | null;
}

/** A message that is stored. */
export class MessageAcceptedDto {
  @ApiProperty({ type: String, format: 'uuid', description: 'GET /messages/:id tells what became of it.' })
  message_id!: string;

  @ApiProperty({ enum: MESSAGE_STATUSES })
  status!: MessageStatus;
}

/** `?workspace_id&status` and the page. */
export class MessageQuery extends PageQuery {
  @ApiProperty()
  @Matches(WORKSPACE_ID, NO_WORKSPACE_ID)
  workspace_id!: string;

  @ApiPropertyOptional({ enum: MESSAGE_STATUSES })
  @IsOptional()
  @IsIn(MESSAGE_STATUSES)
  status?: MessageStatus;
}

export class MessageErrorDto {
  @ApiProperty({ example: 'provider_failed' })
  code!: string;

  @ApiProperty()
  message!: string;

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Of a denial: every limit that had no room.',
  })
  limits?: unknown;
}

export class MessageUsageDto {
  @ApiProperty({ description: 'The id of the ledger row that the answer left.' })
  usage_id!: string;

  @ApiProperty()
  provider!: string;

  @ApiProperty()
  model!: string;

  @ApiProperty({ type: 'integer' })
  input_tokens!: number;

  @ApiProperty({ type: 'integer' })
  output_tokens!: number;

  @ApiProperty({ type: 'integer' })
  total_tokens!: number;

  @ApiProperty({ example: '0.00012', description: 'Decimal USD' })
  cost_usd!: string;

  @ApiProperty({ description: 'No count came from the provider.' })
  estimated!: boolean;
}

/** A message, and what came of it. */
export class MessageDto {
  @ApiProperty({ type: String, format: 'uuid' })
  message_id!: string;

  @ApiProperty()
  workspace_id!: string;

  @ApiProperty({ enum: MESSAGE_STATUSES })
  status!: MessageStatus;

  @ApiProperty({
    nullable: true,
    description: 'A text; of response_format json the value itself.',
    oneOf: [
      { type: 'string' },
      { type: 'number' },
      { type: 'boolean' },
      { type: 'array', items: {} },
      { type: 'object', additionalProperties: true },
    ],
  })
  result!: unknown;

  @ApiProperty({ type: 'integer', nullable: true })
  sequence_index!: number | null;

  @ApiProperty({ type: String, nullable: true })
  html_tag!: string | null;

  @ApiProperty({ type: 'integer', description: 'Tries so far; waiting for a turn is none.' })
  attempts!: number;

  @ApiProperty({
    type: MessageErrorDto,
    nullable: true,
    description: 'Why it has failed, or why its last try has.',
  })
  error!: MessageErrorDto | null;

  @ApiProperty({
    type: MessageUsageDto,
    nullable: true,
    description: 'Of its last try; null where that cost nothing.',
  })
  usage!: MessageUsageDto | null;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  completed_at!: Date | null;
}

/** A part of the list of messages. */
export class MessagePageDto extends PageView(MessageDto) {}
