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
  ApiKeyPage,
  ApiKeysService,
  ApiKeyStore,
  apiKeyView,
  ApiProblems,
  ApiReason,
  type ChangeContext,
  CreateApiKeyDto,
  CreatedApiKeyView,
  createdApiKeyView,
  CurrentChange,
  expiryOf,
  IdPipe,
  mapPage,
  PageQuery,
  pageRequest,
  Roles,
  UserStore,
  type Shown,
} from '../../identity/index.js';

@ApiTags('admin: users')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/users/:userId/api-keys')
export class UserApiKeysController {
  constructor(
    private readonly users: UserStore,
    private readonly keys: ApiKeyStore,
    private readonly service: ApiKeysService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'A user’s API keys', description: 'The newest first, the revoked ones too.' })
  @ApiOkResponse({ type: ApiKeyPage })
  @ApiProblems(400, 401, 403, 404)
  async list(@Param('userId', IdPipe) userId: string, @Query() query: PageQuery): Promise<Shown<ApiKeyPage>> {
    await this.users.get(userId);
    return mapPage(await this.keys.list(userId, pageRequest(query)), apiKeyView);
  }

  @Post()
  @ApiOperation({
    summary: 'Make an API key for a user',
    description: 'Its text is in this answer and nowhere else.',
  })
  @ApiCreatedResponse({ type: CreatedApiKeyView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 404)
  async create(
    @Param('userId', IdPipe) userId: string,
    @Body() body: CreateApiKeyDto,
    @CurrentChange() change: ChangeContext,
  ): Promise<Shown<CreatedApiKeyView>> {
    const input = { userId, name: body.name, expiresAt: expiryOf(body) };
    return createdApiKeyView(await this.service.create(input, change));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Revoke an API key of a user',
    description: 'For good; refused everywhere within a second.',
  })
  @ApiNoContentResponse()
  @ApiReason()
  @ApiProblems(401, 403, 404)
  async revoke(
    @Param('userId', IdPipe) userId: string,
    @Param('id', IdPipe) id: string,
    @CurrentChange() change: ChangeContext,
  ): Promise<void> {
    await this.service.revoke({ id, userId }, change);
  }
}
