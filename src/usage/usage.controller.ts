import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { ApiProblems, CurrentPrincipal, type Principal, type Shown } from '../identity/index.js';
import { currentCallContext } from '../rate-limiting/index.js';

import { UsageHistoryQuery } from './usage-history.query.js';
import { UsageRowsPage } from './usage-rows.dto.js';
import { UsageRowsReader } from './usage-rows.reader.js';
import { UsageOfQuery, UsageReportDto } from './usage.dto.js';
import { UsageReader } from './usage.reader.js';

/** What the caller used, and what is left. */
@ApiTags('me')
@Controller('me/usage')
export class UsageController {
  constructor(
    private readonly usage: UsageReader,
    private readonly rows: UsageRowsReader,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'My usage and limits of a month',
    description:
      'With X-Workspace-Id or X-Workflow-Id the rolling limits of that workspace and workflow too.',
  })
  @ApiOkResponse({ type: UsageReportDto })
  mine(@CurrentPrincipal() principal: Principal, @Query() { month }: UsageOfQuery): Promise<UsageReportDto> {
    const { userId, apiKeyId } = principal;
    return this.usage.of({ ...currentCallContext()?.caller, userId, ...(apiKeyId && { apiKeyId }) }, month);
  }

  @Get('history')
  @ApiOperation({
    summary: 'My usage over time',
    description:
      'For charts. Days are of your own zone, `from` and `to` inclusive; days without usage have no row. In the order of the ' +
      'groupBy keys. All your usage, whichever API key asks.',
  })
  @ApiOkResponse({ type: UsageRowsPage })
  @ApiProblems(400, 401)
  history(
    @CurrentPrincipal() { userId }: Principal,
    @Query() query: UsageHistoryQuery,
  ): Promise<Shown<UsageRowsPage>> {
    return this.rows.pageOfUser(userId, query);
  }
}
