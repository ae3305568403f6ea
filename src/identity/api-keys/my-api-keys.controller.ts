import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import { CurrentPrincipal } from '../access/access.decorators.js';
import { type ChangeContext } from '../audit/change.js';
import { ApiReason, CurrentChange } from '../audit/current-change.decorator.js';
import { IdPipe } from '../id.pipe.js';
import { mapPage, PageQuery, pageRequest } from '../page.js';
import { type Principal } from '../principal.js';
import { ApiProblems } from '../problems.decorator.js';

import {
  ApiKeyPage,
  apiKeyView,
  CreateApiKeyDto,
  CreatedApiKeyView,
  createdApiKeyView,
  expiryOf,
} from './api-key.dto.js';
import { ApiKeyStore } from './api-key.store.js';
import { ApiKeysService } from './api-keys.service.js';
import { KeyHolderPolicy } from './key-holder.policy.js';
import { type Shown } from '../shown.js';

@ApiTags('me')
@ApiBearerAuth()
@Controller('me/api-keys')
export class MyApiKeysController {
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly service: ApiKeysService,
    private readonly policy: KeyHolderPolicy,
  ) {}

  @Get()
  @ApiOperation({ summary: 'My API keys', description: 'The newest first, the revoked ones too.' })
  @ApiOkResponse({ type: ApiKeyPage })
  @ApiProblems(400, 401)
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @Query() query: PageQuery,
  ): Promise<Shown<ApiKeyPage>> {
    return mapPage(await this.keys.list(userId, pageRequest(query)), apiKeyView);
  }

  @Post()
  @ApiOperation({ summary: 'Make an API key', description: 'Its text is in this answer and nowhere else.' })
  @ApiCreatedResponse({ type: CreatedApiKeyView })
  @ApiReason()
  @ApiProblems(400, 401, 403)
  async create(
    @CurrentPrincipal() principal: Principal,
    @CurrentChange() change: ChangeContext,
    @Body() body: CreateApiKeyDto,
  ): Promise<Shown<CreatedApiKeyView>> {
    await this.policy.assertMayCreate(principal);
    const input = { userId: principal.userId, name: body.name, expiresAt: expiryOf(body) };
    return createdApiKeyView(await this.service.create(input, change));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Revoke an API key of mine',
    description: 'For good; it is refused everywhere within a second. Again: nothing changes.',
  })
  @ApiNoContentResponse()
  @ApiReason()
  @ApiProblems(401, 404)
  async revoke(
    @CurrentPrincipal() { userId }: Principal,
    @CurrentChange() change: ChangeContext,
    @Param('id', IdPipe) id: string,
  ): Promise<void> {
    await this.service.revoke({ id, userId }, change);
  }
}
