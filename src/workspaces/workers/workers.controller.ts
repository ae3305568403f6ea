import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { ApiProblems, CurrentPrincipal, type Principal, SubjectIdPipe } from '../../identity/index.js';

import { ScaleWorkersDto, type WorkerDto, WorkersDto } from './worker.dto.js';
import { type WorkerRow } from './worker-slot.store.js';
import { WorkersService, type WorkspaceWorkers } from './workers.service.js';

/** How many workers a workspace has. */
@ApiTags('workspaces')
@Controller('workers')
export class WorkersController {
  constructor(private readonly workers: WorkersService) {}

  @Post('scale/:workspaceId')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Say how many workers a workspace is to have',
    description: 'All instances share them; those that are too many end when their message is done.',
  })
  @ApiOkResponse({ type: WorkersDto })
  @ApiProblems(400, 401, 404, 409)
  async scale(
    @CurrentPrincipal() principal: Principal,
    @Param('workspaceId', SubjectIdPipe) workspaceId: string,
    @Body() { count }: ScaleWorkersDto,
  ): Promise<WorkersDto> {
    return viewOf(workspaceId, await this.workers.scale(workspaceId, count, principal));
  }

  @Get(':workspaceId')
  @ApiOperation({ summary: 'The workers that a workspace is to have, and those that it has' })
  @ApiOkResponse({ type: WorkersDto })
  @ApiProblems(401, 404)
  async find(
    @CurrentPrincipal() principal: Principal,
    @Param('workspaceId', SubjectIdPipe) workspaceId: string,
  ): Promise<WorkersDto> {
    return viewOf(workspaceId, await this.workers.find(workspaceId, principal));
  }
}

function viewOf(workspaceId: string, { wanted, workers }: WorkspaceWorkers): WorkersDto {
  return { workspace_id: workspaceId, wanted, workers: workers.map(workerView) };
}

function workerView({ number, instance, state, messageId, since }: WorkerRow): WorkerDto {
  const active = messageId === null ? 'idle' : 'busy';
  return {
    id: `${instance}:${number}`,
    instance,
    state: state === 'active' ? active : state,
    message_id: messageId,
    since,
  };
}
