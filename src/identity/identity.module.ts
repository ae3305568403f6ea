import { Global, Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';

import { type Settings, SETTINGS } from '../config/index.js';
import { ChangeRecorder, LimitsModule, PlanDirectory } from '../rate-limiting/index.js';

import { AccessGuard } from './access/access.guard.js';
import { AccessTokens } from './access/access-tokens.js';
import { Authenticator } from './access/authenticator.js';
import { CredentialStore } from './access/credential.store.js';
import { IdentifyGuard } from './access/identify.guard.js';
import { jwtSecretOf } from './access/jwt-secret.js';
import { AccountsService } from './accounts/accounts.service.js';
import { AdminBootstrap } from './accounts/admin-bootstrap.js';
import { AuthController } from './accounts/auth.controller.js';
import { BootstrapUser } from './accounts/bootstrap-user.js';
import { MeController } from './accounts/me.controller.js';
import { PasswordHasher } from './accounts/password.hasher.js';
import { ApiKeyEntity } from './api-keys/api-key.entity.js';
import { ApiKeyStore } from './api-keys/api-key.store.js';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { KeyHolderPolicy } from './api-keys/key-holder.policy.js';
import { MyApiKeysController } from './api-keys/my-api-keys.controller.js';
import { AuditLogEntity } from './audit/audit-log.entity.js';
import { AuditLog } from './audit/audit-log.store.js';
import { RecordedChanges } from './audit/recorded-changes.store.js';
import { IdentityPlanDirectory } from './plans/identity-plan-directory.js';
import { PlanEntity } from './plans/plan.entity.js';
import { PlanStore } from './plans/plan.store.js';
import { UserEditor } from './users/user.editor.js';
import { UserEntity } from './users/user.entity.js';
import { UserRegistrar } from './users/user.registrar.js';
import { UserStore } from './users/user.store.js';
import { ExpiresLater } from './expires-later.rule.js';
import { PlanExists } from './plans/plan-exists.rule.js';

/** What other modules may inject; the rest is this module's own. */
const PUBLIC_FACE = [
  PlanDirectory,
  Authenticator,
  IdentifyGuard,
  AccessGuard,
  RecordedChanges,
  ChangeRecorder,
  AuditLog,
  PlanStore,
  UserStore,
  UserRegistrar,
  UserEditor,
  ApiKeyStore,
  ApiKeysService,
];

/** Users, plans, API keys and login: who is calling. Global, since the guards run before every route. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forFeature([PlanEntity, UserEntity, ApiKeyEntity, AuditLogEntity]),
    LimitsModule,
    JwtModule.registerAsync({
      inject: [SETTINGS],
      useFactory: async ({ auth, stores }: Settings) => ({
        secret: await jwtSecretOf({ jwtSecret: auth.jwtSecret, dataDir: stores.dataDir }),
        signOptions: { algorithm: 'HS256', issuer: 'cuota' },
        verifyOptions: { algorithms: ['HS256'], issuer: 'cuota' },
      }),
    }),
  ],
  controllers: [AuthController, MeController, MyApiKeysController],
  providers: [
    { provide: PlanDirectory, useClass: IdentityPlanDirectory },
    CredentialStore,
    AccessTokens,
    Authenticator,
    IdentifyGuard,
    AccessGuard,
    PasswordHasher,
    AccountsService,
    BootstrapUser,
    AdminBootstrap,
    ApiKeyStore,
    ApiKeysService,
    KeyHolderPolicy,
    AuditLog,
    RecordedChanges,
    { provide: ChangeRecorder, useExisting: RecordedChanges },
    PlanStore,
    PlanExists,
    ExpiresLater,
    UserStore,
    UserEditor,
    UserRegistrar,
  ],
  exports: PUBLIC_FACE,
})
export class IdentityModule {}
