import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { SETTINGS } from '../config/index.js';
import { WorkspaceMembership } from '../identity/index.js';
import { OwnKeys } from '../providers/index.js';

import { KeyRing } from './keys/key-ring.js';
import { keyRingOf } from './keys/kept-key-ring.js';
import { KeyRotation } from './keys/key-rotation.js';
import { ProviderKeyDrafts } from './keys/provider-key.drafts.js';
import { ProviderKeyEntity } from './keys/provider-key.entity.js';
import { ProviderKeyStore } from './keys/provider-key.store.js';
import { ProviderKeysController } from './keys/provider-keys.controller.js';
import { ProviderKeysService } from './keys/provider-keys.service.js';
import { StoredOwnKeys } from './keys/stored-own-keys.js';
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
import { KnownProvider, KnownProviders } from './keys/known-provider.rule.js';

/** Workspaces, their members and keys. Global, since the guards ask who is of which, and the router for whose keys. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forFeature([WorkspaceEntity, RetiredWorkspaceEntity, MemberEntity, ProviderKeyEntity]),
  ],
  controllers: [WorkspacesController, MembersController, ProviderKeysController],
  providers: [
    WorkspaceStore,
    WorkspacesService,
    MemberStore,
    MembersService,
    StoredMembership,
    { provide: WorkspaceMembership, useExisting: StoredMembership },
    WorkspaceAccess,
    { provide: KeyRing, inject: [SETTINGS], useFactory: keyRingOf },
    ProviderKeyStore,
    ProviderKeyDrafts,
    KnownProvider,
    KnownProviders,
    ProviderKeysService,
    StoredOwnKeys,
    { provide: OwnKeys, useExisting: StoredOwnKeys },
    KeyRotation,
  ],
  exports: [WorkspaceMembership, WorkspaceAccess, OwnKeys],
})
export class WorkspacesModule {}
