import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
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
  PageQuery,
  pageRequest,
  type Principal,
  type Shown,
  SubjectIdPipe,
  type UserEntity,
  UserStore,
} from '../../identity/index.js';

import { MemberPage, MemberView, memberView, PutMemberDto } from './member.dto.js';
import { MemberStore } from './member.store.js';
import { MembersService } from './members.service.js';
import { WorkspaceAccess } from './workspace-access.js';

@ApiTags('workspaces')
@ApiBearerAuth()
@Controller('workspaces/:id/members')
export class MembersController {
  constructor(
    private readonly members: MemberStore,
    private readonly service: MembersService,
    private readonly access: WorkspaceAccess,
    private readonly users: UserStore,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Who is of a workspace', description: 'For its members.' })
  @ApiOkResponse({ type: MemberPage })
  @ApiProblems(400, 401, 404)
  async list(
    @Param('id', SubjectIdPipe) id: string,
    @CurrentPrincipal() principal: Principal,
    @Query() query: PageQuery,
  ): Promise<Shown<MemberPage>> {
    await this.access.requireMember(id, principal);
    return mapPage(await this.members.list(id, pageRequest(query)), memberView);
  }

  @Post()
  @ApiOperation({
    summary: 'Add a member to a workspace, or change a role',
    description: 'For its owners. Holds everywhere within a second. 409 for its only owner.',
  })
  @ApiCreatedResponse({ type: MemberView })
  @ApiReason()
  @ApiProblems(400, 401, 403, 404, 409)
  async put(
    @Param('id', SubjectIdPipe) id: string,
    @CurrentPrincipal() principal: Principal,
    @CurrentChange() change: ChangeContext,
    @Body() body: PutMemberDto,
  ): Promise<Shown<MemberView>> {
    await this.access.requireOwner(id, principal);
    const user = await this.userOf(body);
    return memberView(await this.service.put(id, user, body.role ?? 'member', change));
  }

  @Delete(':userId')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Take a member away from a workspace',
    description:
      'For its owners; a member may leave. Holds everywhere within a second. 409 for its only owner.',
  })
  @ApiNoContentResponse()
  @ApiReason()
  @ApiProblems(401, 403, 404, 409)
  async remove(
    @Param('id', SubjectIdPipe) id: string,
    @Param('userId', IdPipe) userId: string,
    @CurrentPrincipal() principal: Principal,
    @CurrentChange() change: ChangeContext,
  ): Promise<void> {
    const leaves = userId === principal.userId;
    await (leaves ? this.access.requireMember(id, principal) : this.access.requireOwner(id, principal));
    await this.service.remove(id, userId, change);
  }

  private async userOf({ user_id: id, email }: PutMemberDto): Promise<UserEntity> {
    const where = id === undefined ? { email: email ?? '' } : { id };
    const user = await this.users.find(where);
    if (user) return user;
    throw new CodedError('not_found', `There is no user ${id ?? email ?? ''}.`);
  }
}
