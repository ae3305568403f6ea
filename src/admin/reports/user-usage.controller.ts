import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { ApiProblems, IdPipe, Roles } from '../../identity/index.js';
import { userId } from '../../rate-limiting/index.js';
import { UsageOfQuery, UsageReader, UsageReportDto } from '../../usage/index.js';

@ApiTags('admin: reports')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/usage/users')
export class UserUsageController {
  constructor(private readonly usage: UsageReader) {}

  @Get(':id')
  @ApiOperation({
    summary: 'A user’s usage and limits of a month',
    description: 'As /me/usage for that user.',
  })
  @ApiOkResponse({ type: UsageReportDto })
  @ApiProblems(400, 401, 403, 404)
  of(@Param('id', IdPipe) id: string, @Query() { month }: UsageOfQuery): Promise<UsageReportDto> {
    return this.usage.of({ userId: userId(id) }, month);
  }
}
