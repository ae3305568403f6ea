import { ApiProperty } from '@nestjs/swagger';

import { PageView } from '../../identity/index.js';

/** A period that has ended, of all users with this billing day and zone. */
export class EndedPeriodView {
  @ApiProperty({ example: '2026-11-01', description: 'Its first day' })
  period!: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 31 })
  billingDay!: number;

  @ApiProperty({ example: 'UTC' })
  timeZone!: string;

  @ApiProperty({ type: 'integer', description: 'How many users it was closed for' })
  users!: number;
}

/** A period that was closed. */
export class ClosedPeriodView extends EndedPeriodView {
  @ApiProperty({ type: String, format: 'date-time' })
  startsAt!: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  endsAt!: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  closedAt!: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    description: 'Calls of the period that were settled until then are in it',
  })
  countedAt!: Date;
}

/** A part of the list of closed periods. */
export class ClosedPeriodPage extends PageView(ClosedPeriodView) {}

/** What closing did. */
export class ClosingView {
  @ApiProperty({ type: [EndedPeriodView] })
  closed!: readonly EndedPeriodView[];

  @ApiProperty({ type: [String], description: 'Of the ledger, by name' })
  partitionsMade!: readonly string[];

  @ApiProperty({ type: [String], description: 'Those that are older than USAGE_RETENTION_MONTHS' })
  partitionsDropped!: readonly string[];
}
