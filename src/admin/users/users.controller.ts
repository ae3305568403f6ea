import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import {
  ApiProblems,
  ApiReason,
  type ChangeContext,
  CurrentChange,
  IdPipe,
  mapPage,
  pageRequest,
  Roles,
  UserEditor,
  UserRegistrar,
  UserStore,
  UserView,
  userView,
  type Shown,
} from '../../identity/index.js';

import { CreateUserDto, PatchUserDto, UserPage, UsersQuery } from './user.dto.js';

@ApiTags('admin: users')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/users')
export class UsersController {
  constructor(
    private readonly users: UserStore,
    private readonly registrar: UserRegistrar,
    private readonly editor: UserEditor,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The users', description: 'In the order in which they came.' })
  @ApiOkResponse({ type: UserPage })
  @ApiProblems(400, 401, 403)
  async list(@Query() query: UsersQuery): Promise<Shown<UserPage>> {
    return mapPage(await this.users.list({ email: query.email }, pageRequest(query)), userView);
  }

  @Post()
  @ApiOperation({ summary: 'Make a user' })
  @ApiCreatedResponse({ type: UserView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 409)
  async create(
    @Body() body: CreateUserDto,
    @CurrentChange() change: ChangeContext,
  ): Promise<Shown<UserView>> {
    return userView(await this.registrar.register(body, change));
  }

  @Get(':id')
  @ApiOperation({ summary: 'A user' })
  @ApiOkResponse({ type: UserView })
  @ApiProblems(401, 403, 404)
  async get(@Param('id', IdPipe) id: string): Promise<Shown<UserView>> {
    return userView(await this.users.get(id));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change a user',
    description: 'What is left out stays. Holds everywhere within a second. 409 for the last active admin.',
  })
  @ApiOkResponse({ type: UserView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 404, 409)
  async edit(
    @Param('id', IdPipe) id: string,
    @Body() body: PatchUserDto,
    @CurrentChange() change: ChangeContext,
  ): Promise<Shown<UserView>> {
    const { planId, role, status, billingDay, timezone } = body;
    const edited = { planId, role, status, billingDay, timezone };
    return userView(await this.editor.edit(id, edited, change));
  }
}
