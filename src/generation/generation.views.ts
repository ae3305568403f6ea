import { ApiProperty } from '@nestjs/swagger';

import { LimitDto } from '../http/index.js';

/** What a call used. */
export class UsageDto {
  @ApiProperty()
  inputTokens!: number;

  @ApiProperty()
  outputTokens!: number;

  @ApiProperty()
  totalTokens!: number;

  @ApiProperty({ example: '0.00012', description: 'Decimal USD' })
  costUsd!: string;

  @ApiProperty({ description: 'No count came from the provider' })
  estimated!: boolean;
}

/** What every finished call tells of itself. */
class AnswerDto {
  @ApiProperty({ description: 'The id of the ledger row that this call left' })
  id!: string;

  @ApiProperty()
  provider!: string;

  @ApiProperty()
  model!: string;

  @ApiProperty({ type: UsageDto })
  usage!: UsageDto;

  @ApiProperty({ type: [LimitDto] })
  limits!: LimitDto[];
}

export class ScriptAnswerDto extends AnswerDto {
  @ApiProperty()
  script!: string;
}

export class ImageDto {
  @ApiProperty()
  assetId!: string;

  @ApiProperty()
  url!: string;

  @ApiProperty({ nullable: true, type: Number })
  width!: number | null;

  @ApiProperty({ nullable: true, type: Number })
  height!: number | null;

  @ApiProperty({ example: 'png' })
  format!: string;

  @ApiProperty()
  bytes!: number;

  @ApiProperty({ type: [String] })
  tags!: string[];
}

export class ImageAnswerDto extends AnswerDto {
  @ApiProperty({ type: [ImageDto] })
  images!: ImageDto[];
}
