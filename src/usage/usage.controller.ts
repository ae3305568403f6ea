import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { CurrentPrincipal, type Principal } from '../identity/index.js';

import { UsageOfQuery, UsageReportDto } from './usage.dto.js';
import { UsageReader } from './usage.reader.js';

/** What the caller used, and what is left. */
@ApiTags('me')
@Controller('me/usage')
export class UsageController {
  constructor(private readonly usage: UsageReader) {}

  @Get()
  @ApiOperation({ summary: 'My usage and limits of a month' })
  @ApiOkResponse({ type: UsageReportDto })
  mine(@CurrentPrincipal() principal: Principal, @Query() { month }: UsageOfQuery): Promise<UsageReportDto> {
    const { userId, apiKeyId } = principal;
    return this.usage.of({ userId, ...(apiKeyId && { apiKeyId }) }, month);
  }
}
