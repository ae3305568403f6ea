import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import { CodedError } from '../../errors.js';
import {
  ApiProblems,
  ApiReason,
  type ChangeContext,
  CurrentChange,
  CurrentPrincipal,
  IdPipe,
  mapPage,
  pageRequest,
  type Principal,
  type Shown,
} from '../../identity/index.js';
import { WorkspaceAccess } from '../members/workspace-access.js';

import {
  AddProviderKeyDto,
  ProviderKeyPage,
  ProviderKeyQuery,
  ProviderKeyView,
  providerKeyView,
  PutProviderKeyDto,
} from './provider-key.dto.js';
import { ProviderKeyStore, unknownKey } from './provider-key.store.js';
import { ProviderKeysService } from './provider-keys.service.js';

@ApiTags('workspaces')
@ApiBearerAuth()
@Controller()
export class ProviderKeysController {
  constructor(
    private readonly keys: ProviderKeyStore,
    private readonly service: ProviderKeysService,
    private readonly access: WorkspaceAccess,
  ) {}

  @Get('provider-keys')
  @ApiOperation({
    summary: 'The provider keys of my workspaces',
    description: 'Of an admin: all. Never the keys themselves.',
  })
  @ApiOkResponse({ type: ProviderKeyPage })
  @ApiProblems(400, 401, 404)
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query() query: ProviderKeyQuery,
  ): Promise<Shown<ProviderKeyPage>> {
    const { workspace_id: workspaceId } = query;
    if (workspaceId !== undefined) await this.access.requireMember(workspaceId, principal);
    const userId = principal.role === 'admin' ? undefined : principal.userId;
    return mapPage(await this.keys.list({ userId, workspaceId }, pageRequest(query)), providerKeyView);
  }

  @Post(['provider-keys', 'provider-key/add'])
  @ApiOperation({
    summary: 'Give a workspace a key of its own at a provider',
    description: 'For its owners. Its calls to that provider are made with its own keys from then on.',
  })
  @ApiCreatedResponse({ type: ProviderKeyView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 404, 409)
  async add(
    @CurrentPrincipal() principal: Principal,
    @CurrentChange() change: ChangeContext,
    @Body() body: AddProviderKeyDto,
  ): Promise<Shown<ProviderKeyView>> {
    await this.access.requireOwner(body.workspace_id, principal);
    return providerKeyView(await this.service.add(body, change));
  }

  @Put(['provider-keys/:id', 'provider-key/update/:id'])
  @ApiOperation({
    summary: 'Change a provider key',
    description: 'For owners of its workspace. What is left out stays. Holds everywhere within a second.',
  })
  @ApiOkResponse({ type: ProviderKeyView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 404, 409)
  async update(
    @Param('id', IdPipe) id: string,
    @CurrentPrincipal() principal: Principal,
    @CurrentChange() change: ChangeContext,
    @Body() body: PutProviderKeyDto,
  ): Promise<Shown<ProviderKeyView>> {
    await this.requireOwnerOf(id, principal);
    return providerKeyView(await this.service.update(id, body, change));
  }

  @Delete(['provider-keys/:id', 'provider-key/delete/:id'])
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete a provider key',
    description: 'For owners of its workspace. No call is made with it any more, everywhere within a second.',
  })
  @ApiNoContentResponse()
  @ApiReason()
  @ApiProblems(401, 403, 404)
  async delete(
    @Param('id', IdPipe) id: string,
    @CurrentPrincipal() principal: Principal,
    @CurrentChange() change: ChangeContext,
  ): Promise<void> {
    await this.requireOwnerOf(id, principal);
    await this.service.delete(id, change);
  }

  /** Who is not of its workspace is told of no workspace either. */
  private async requireOwnerOf(id: string, principal: Principal): Promise<void> {
    const { workspaceId } = await this.keys.get(id);
    try {
      await this.access.requireOwner(workspaceId, principal);
    } catch (error) {
      throw error instanceof CodedError && error.code === 'not_found' ? unknownKey(id) : error;
    }
  }
}
