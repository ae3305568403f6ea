import { Body, Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import {
  ApiProblems,
  ApiReason,
  type ChangeContext,
  CurrentChange,
  Roles,
  type Shown,
  SubjectIdPipe,
} from '../../identity/index.js';

import { LimitsService } from './limits.service.js';
import { PutWorkflowLimitDto, RateLimitView, rateLimitView } from './rate-limit.dto.js';

@ApiTags('admin: limits')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/limits/workflows')
export class WorkflowLimitsController {
  constructor(private readonly limits: LimitsService) {}

  @Get(':id')
  @ApiOperation({ summary: 'The limits of a workflow of its own', description: '404 where it has none.' })
  @ApiOkResponse({ type: RateLimitView })
  @ApiProblems(401, 403, 404)
  async get(@Param('id', SubjectIdPipe) id: string): Promise<Shown<RateLimitView>> {
    return rateLimitView(await this.limits.get({ kind: 'workflow', id }));
  }

  @Put(':id')
  @ApiOperation({
    summary: 'Set the limits of a workflow',
    description:
      'An id as X-Workflow-Id has it is meant for everybody who uses it, each with a quota of their own; `workspace:<id>:<workflow>` or `user:<id>:<workflow>` is one of these. Tokens in the last QUOTA_WINDOW_DAYS days; null inherits the default, 0 is unlimited. Replaces them as a whole: a field that is left out becomes null. Holds everywhere within a second.',
  })
  @ApiOkResponse({ type: RateLimitView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 404)
  async put(
    @Param('id', SubjectIdPipe) id: string,
    @Body() body: PutWorkflowLimitDto,
    @CurrentChange() change: ChangeContext,
  ): Promise<Shown<RateLimitView>> {
    return rateLimitView(await this.limits.put({ kind: 'workflow', id }, body, change));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Take away the limits of a workflow',
    description: 'DEFAULT_DAILY_QUOTA_TOKENS × QUOTA_WINDOW_DAYS holds again.',
  })
  @ApiNoContentResponse()
  @ApiReason()
  @ApiProblems(401, 403, 404)
  async delete(
    @Param('id', SubjectIdPipe) id: string,
    @CurrentChange() change: ChangeContext,
  ): Promise<void> {
    await this.limits.delete({ kind: 'workflow', id }, change);
  }
}
