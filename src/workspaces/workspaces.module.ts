import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { WorkspaceMembership } from '../identity/index.js';

import { MemberEntity } from './members/member.entity.js';
import { MemberStore } from './members/member.store.js';
import { MembersController } from './members/members.controller.js';
import { MembersService } from './members/members.service.js';
import { StoredMembership } from './members/stored-membership.js';
import { WorkspaceAccess } from './members/workspace-access.js';
import { RetiredWorkspaceEntity } from './workspaces/retired-workspace.entity.js';
import { WorkspaceEntity } from './workspaces/workspace.entity.js';
import { WorkspaceStore } from './workspaces/workspace.store.js';
import { WorkspacesController } from './workspaces/workspaces.controller.js';
import { WorkspacesService } from './workspaces/workspaces.service.js';

/** Workspaces and their members. Global, since the guards ask at every request who is of which. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([WorkspaceEntity, RetiredWorkspaceEntity, MemberEntity])],
  controllers: [WorkspacesController, MembersController],
  providers: [
    WorkspaceStore,
    WorkspacesService,
    MemberStore,
    MembersService,
    StoredMembership,
    { provide: WorkspaceMembership, useExisting: StoredMembership },
    WorkspaceAccess,
  ],
  exports: [WorkspaceMembership, WorkspaceAccess],
})
export class WorkspacesModule {}
