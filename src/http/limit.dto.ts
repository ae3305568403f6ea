import { ApiProperty } from '@nestjs/swagger';

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

  @ApiProperty({ format: 'date-time' })
  resetAt!: string;
}
