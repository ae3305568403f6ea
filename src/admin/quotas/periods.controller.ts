import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { ApiProblems, Roles } from '../../identity/index.js';
import { type ClosedPeriod, type ClosingDone, PeriodClosing, PeriodStore } from '../../periods/index.js';

import { ClosedPeriodPage, ClosingView } from './periods.dto.js';

@ApiTags('admin: periods')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/periods')
export class PeriodsController {
  constructor(
    private readonly store: PeriodStore,
    private readonly closing: PeriodClosing,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The periods that were closed', description: 'The newest first, at most 200.' })
  @ApiOkResponse({ type: ClosedPeriodPage })
  @ApiProblems(401, 403)
  async list(): Promise<{ items: ClosedPeriod[]; nextCursor: null }> {
    return { items: await this.store.list(), nextCursor: null };
  }

  @Post('close')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Close what has ended and is not closed',
    description:
      'Happens by itself; once more changes nothing. Periods of the last two months are counted again, for calls that were settled after them.',
  })
  @ApiOkResponse({ type: ClosingView })
  @ApiProblems(401, 403)
  close(): Promise<ClosingDone> {
    return this.closing.run({ again: true });
  }
}
