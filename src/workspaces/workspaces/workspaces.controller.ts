import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
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
  CurrentPrincipal,
  mapPage,
  pageRequest,
  type Principal,
  type Shown,
  SubjectIdPipe,
} from '../../identity/index.js';
import { ProviderKeyStore } from '../keys/provider-key.store.js';
import { MemberStore } from '../members/member.store.js';
import { WorkspaceAccess } from '../members/workspace-access.js';

import {
  RegisterWorkspaceDto,
  WorkspaceDetailsView,
  WorkspacePage,
  WorkspaceQuery,
  workspaceView,
} from './workspace.dto.js';
import { WorkspaceStore } from './workspace.store.js';
import { WorkspacesService } from './workspaces.service.js';

@ApiTags('workspaces')
@ApiBearerAuth()
@Controller()
export class WorkspacesController {
  constructor(
    private readonly workspaces: WorkspaceStore,
    private readonly service: WorkspacesService,
    private readonly members: MemberStore,
    private readonly keys: ProviderKeyStore,
    private readonly access: WorkspaceAccess,
  ) {}

  @Get('workspaces')
  @ApiOperation({ summary: 'My workspaces', description: 'Of an admin: all.' })
  @ApiOkResponse({ type: WorkspacePage })
  @ApiProblems(400, 401)
  async list(
    @CurrentPrincipal() { userId, role }: Principal,
    @Query() query: WorkspaceQuery,
  ): Promise<Shown<WorkspacePage>> {
    const filter = { id: query.workspace_id, userId: role === 'admin' ? undefined : userId };
    const page = await this.workspaces.list(filter, pageRequest(query));
    const roles = await this.members.rolesOf(
      userId,
      page.items.map(({ id }) => id),
    );
    const keys = await this.keys.of(page.items.map(({ id }) => id));
    return mapPage(page, (row) => {
      const own = keys.filter(({ workspaceId }) => workspaceId === row.id);
      return workspaceView(row, roles.get(row.id) ?? null, own);
    });
  }

  @Post(['workspaces', 'workspace/register'])
  @ApiOperation({
    summary: 'Register a workspace with its provider keys',
    description: 'Whoever does is its owner. 409 where its id is taken.',
  })
  @ApiCreatedResponse({ type: WorkspaceDetailsView })
  @ApiReason()
  @ApiProblems(400, 401, 409)
  async register(
    @CurrentPrincipal() principal: Principal,
    @CurrentChange() change: ChangeContext,
    @Body() body: RegisterWorkspaceDto,
  ): Promise<Shown<WorkspaceDetailsView>> {
    const { workspace, keys } = await this.service.register(body, principal, change);
    return workspaceView(workspace, 'owner', keys);
  }

  @Delete(['workspaces/:id', 'workspace/delete/:id'])
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete a workspace',
    description: 'For its owners. Its members and keys go with it; what was used stays in the ledger.',
  })
  @ApiNoContentResponse()
  @ApiReason()
  @ApiProblems(401, 403, 404)
  async delete(
    @Param('id', SubjectIdPipe) id: string,
    @CurrentPrincipal() principal: Principal,
    @CurrentChange() change: ChangeContext,
  ): Promise<void> {
    await this.access.requireOwner(id, principal);
    await this.service.delete(id, change);
  }
}
