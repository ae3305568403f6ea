import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** A limit as answers show it. */
export class LimitDto {
  @ApiProperty({ example: 'user.month.tokens' })
  name!: string;

  @ApiProperty({ example: 'tokens' })
  unit!: string;

  @ApiProperty({ example: 'month' })
  window!: string;

  @ApiProperty({
    oneOf: [{ type: 'number' }, { type: 'string' }],
    description: '0 is unlimited; money is a decimal string',
  })
  max!: number | string;

  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }] })
  used!: number | string;

  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }], description: 'Held by calls in flight' })
  reserved!: number | string;

  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }], nullable: true })
  remaining!: number | string | null;

  @ApiProperty({
    format: 'date-time',
    description:
      'When room returns. Of a rolling window that is the midnight at which enough days have fallen out of it, and its next where there is room.',
  })
  resetAt!: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Of a rolling window: its first instant' })
  windowStart?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Of a rolling window: the first instant past it' })
  windowEnd?: string;
}
