import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';

import { ApiProblems, mapPage, pageOf, pageRequest, Roles, type Shown } from '../../identity/index.js';
import { Clock, NearLimitStore } from '../../rate-limiting/index.js';
import { usageCsv, UsageRowsPage, UsageRowsReader } from '../../usage/index.js';

import { NearLimitPage, NearLimitQueryDto, UsageReportQuery, userNearLimitView } from './reports.dto.js';
import { TextStream } from './text.stream.js';

@ApiTags('admin: reports')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/reports')
export class ReportsController {
  constructor(
    private readonly rows: UsageRowsReader,
    private readonly nearLimits: NearLimitStore,
    private readonly clock: Clock,
  ) {}

  @Get('usage')
  @ApiOperation({
    summary: 'Usage over all users, by any keys',
    description:
      'Out of the roll-ups. Days are of QUOTA_TIMEZONE, `from` and `to` inclusive. Rows come in the order of the groupBy ' +
      'keys, those without a key last. Fast over many users: whole months by user, plan, operation and month; and what ' +
      'begins with user. csv has all rows, streamed; text that a spreadsheet would run as a formula has an apostrophe in front.',
  })
  @ApiExtraModels(UsageRowsPage)
  @ApiOkResponse({
    content: {
      'application/json': { schema: { $ref: getSchemaPath(UsageRowsPage) } },
      'text/csv': { schema: { type: 'string' } },
    },
  })
  @ApiProblems(400, 401, 403)
  async usage(@Query() query: UsageReportQuery): Promise<Shown<UsageRowsPage> | StreamableFile> {
    if (query.format === 'json') return this.rows.page(query);
    const asked = this.rows.ofAll(query);
    const csv = await TextStream.open(usageCsv(asked.groupBy, this.rows.batches(asked)));
    return new StreamableFile(csv, {
      type: 'text/csv; charset=utf-8; header=present',
      disposition: `attachment; filename="usage-${asked.firstDay}-${asked.lastDay}.csv"`,
    });
  }

  @Get('near-limit')
  @ApiOperation({
    summary: 'Who is near a monthly limit',
    description:
      'Users who have used at least a share of one of their monthly limits in the period that runs, or of one that an API key of theirs ' +
      'has (whoever calls with it; not one that is revoked or expired), out of the roll-ups: what is ' +
      'reserved by calls under way is not in it. What resets took back does not count, and grants that hold now raise the limit. In the ' +
      'order of their ids.',
  })
  @ApiOkResponse({ type: NearLimitPage })
  @ApiProblems(400, 401, 403)
  async nearLimit(@Query() query: NearLimitQueryDto): Promise<Shown<NearLimitPage>> {
    const { limit, after } = pageRequest(query);
    const atMs = this.clock.now();
    const { threshold } = query;
    const users = await this.nearLimits.users({ atMs, threshold, limit: limit + 1, after });
    return mapPage(pageOf(users, limit), userNearLimitView);
  }
}
