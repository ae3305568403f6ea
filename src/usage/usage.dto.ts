import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

import { LimitDto } from '../http/index.js';

/** Which month is asked for. */
export class UsageOfQuery {
  @ApiProperty({
    required: false,
    example: '2026-11',
    description: 'The month its period begins in; the current one if absent',
  })
  @IsOptional()
  @Matches(/^20\d{2}-(0[1-9]|1[0-2])$/, { message: 'month must be YYYY-MM, such as 2026-11' })
  month?: string;
}

export class UsageSumDto {
  @ApiProperty()
  calls!: number;

  @ApiProperty()
  inputTokens!: number;

  @ApiProperty()
  outputTokens!: number;

  @ApiProperty()
  totalTokens!: number;

  @ApiProperty({ example: '1.25' })
  costUsd!: string;
}

export class OperationSumDto extends UsageSumDto {
  @ApiProperty()
  operation!: string;
}

export class ProviderSumDto extends UsageSumDto {
  @ApiProperty()
  provider!: string;
}

export class UsageTotalsDto {
  @ApiProperty({ type: [OperationSumDto] })
  byOperation!: OperationSumDto[];

  @ApiProperty({ type: [ProviderSumDto] })
  byProvider!: ProviderSumDto[];
}

export class UsageReportDto {
  @ApiProperty({ example: '2026-11-01', description: 'The period, named by its first day' })
  period!: string;

  @ApiProperty({ format: 'date-time' })
  startsAt!: string;

  @ApiProperty({ format: 'date-time', description: 'The first instant of the next period' })
  endsAt!: string;

  @ApiProperty({ type: [LimitDto] })
  limits!: LimitDto[];

  @ApiProperty({ type: UsageTotalsDto })
  totals!: UsageTotalsDto;
}
