import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import {
  ApiProblems,
  ApiReason,
  type ChangeContext,
  CurrentChange,
  IdPipe,
  mapPage,
  PageQuery,
  pageRequest,
  PlanStore,
  PlanView,
  planView,
  Roles,
  type Shown,
} from '../../identity/index.js';

import { CreatePlanDto, PatchPlanDto, PlanPage } from './plan.dto.js';
import { PlansService } from './plans.service.js';

@ApiTags('admin: plans')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/plans')
export class PlansController {
  constructor(
    private readonly plans: PlanStore,
    private readonly service: PlansService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The plans' })
  @ApiOkResponse({ type: PlanPage })
  @ApiProblems(400, 401, 403)
  async list(@Query() query: PageQuery): Promise<Shown<PlanPage>> {
    return mapPage(await this.plans.list(pageRequest(query)), planView);
  }

  @Post()
  @ApiOperation({ summary: 'Make a plan', description: 'What is left out is unlimited.' })
  @ApiCreatedResponse({ type: PlanView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 409)
  async create(
    @Body() body: CreatePlanDto,
    @CurrentChange() change: ChangeContext,
  ): Promise<Shown<PlanView>> {
    return planView(await this.service.create(body, change));
  }

  @Get(':id')
  @ApiOperation({ summary: 'A plan' })
  @ApiOkResponse({ type: PlanView })
  @ApiProblems(401, 403, 404)
  async get(@Param('id', IdPipe) id: string): Promise<Shown<PlanView>> {
    return planView(await this.plans.get(id));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change a plan',
    description: 'What is left out stays. Holds for all who have the plan, everywhere within a second.',
  })
  @ApiOkResponse({ type: PlanView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 404)
  async edit(
    @Param('id', IdPipe) id: string,
    @Body() body: PatchPlanDto,
    @CurrentChange() change: ChangeContext,
  ): Promise<Shown<PlanView>> {
    return planView(await this.service.edit(id, body, change));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a plan', description: '409 for `free`, and while users have it.' })
  @ApiNoContentResponse()
  @ApiReason()
  @ApiProblems(401, 403, 404, 409)
  async delete(@Param('id', IdPipe) id: string, @CurrentChange() change: ChangeContext): Promise<void> {
    await this.service.delete(id, change);
  }
}
