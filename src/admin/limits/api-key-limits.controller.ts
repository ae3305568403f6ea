import { Body, Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import {
  ApiProblems,
  ApiReason,
  type ChangeContext,
  CurrentChange,
  IdPipe,
  Roles,
  type Shown,
} from '../../identity/index.js';

import { LimitsService } from './limits.service.js';
import { PutApiKeyLimitDto, RateLimitView, rateLimitView } from './rate-limit.dto.js';

@ApiTags('admin: limits')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/limits/api-keys')
export class ApiKeyLimitsController {
  constructor(private readonly limits: LimitsService) {}

  @Get(':id')
  @ApiOperation({ summary: 'The limits of an API key of its own', description: '404 where it has none.' })
  @ApiOkResponse({ type: RateLimitView })
  @ApiProblems(401, 403, 404)
  async get(@Param('id', IdPipe) id: string): Promise<Shown<RateLimitView>> {
    return rateLimitView(await this.limits.get({ kind: 'apiKey', id }));
  }

  @Put(':id')
  @ApiOperation({
    summary: 'Set the limits of an API key',
    description:
      'Replaces them as a whole: a field that is left out becomes null. Holds everywhere within a second.',
  })
  @ApiOkResponse({ type: RateLimitView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 404)
  async put(
    @Param('id', IdPipe) id: string,
    @Body() body: PutApiKeyLimitDto,
    @CurrentChange() change: ChangeContext,
  ): Promise<Shown<RateLimitView>> {
    return rateLimitView(await this.limits.put({ kind: 'apiKey', id }, body, change));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Take away the limits of an API key',
    description: 'Those of its user hold alone.',
  })
  @ApiNoContentResponse()
  @ApiReason()
  @ApiProblems(401, 403, 404)
  async delete(@Param('id', IdPipe) id: string, @CurrentChange() change: ChangeContext): Promise<void> {
    await this.limits.delete({ kind: 'apiKey', id }, change);
  }
}
