/** What other modules may use of identity; everything else is its own. */
export { CurrentPrincipal, Public, requirePrincipal, Roles } from './access/access.decorators.js';
export { IdentityModule } from './identity.module.js';
export { AccessGuard } from './access/access.guard.js';
export { AttributionGuard } from './access/attribution.guard.js';
export { WorkspaceMembership } from './access/workspace-membership.port.js';
export { Authenticator, type Identification } from './access/authenticator.js';
export { jwtSecretOf } from './access/jwt-secret.js';
export { type CallerRequest } from './access/caller-request.js';
export { IdentifyGuard } from './access/identify.guard.js';
export {
  ApiKeyPage,
  apiKeyView,
  CreateApiKeyDto,
  CreatedApiKeyView,
  createdApiKeyView,
  expiryOf,
} from './api-keys/api-key.dto.js';
export { ApiKeyStore } from './api-keys/api-key.store.js';
export { ApiKeysService } from './api-keys/api-keys.service.js';
export { type AuditLogRow } from './audit/audit-log.entity.js';
export { type AuditEntry, AuditLog } from './audit/audit-log.store.js';
export { type Actor, type ChangeContext } from './audit/change.js';
export { ApiReason, CurrentChange } from './audit/current-change.decorator.js';
export { type OpenChange, RecordedChanges } from './audit/recorded-changes.store.js';
export { ExpiresLater } from './expires-later.rule.js';
export { IdPipe } from './id.pipe.js';
export { mapPage, type Page, pageOf, PageQuery, type PageRequest, pageRequest, PageView } from './page.js';
export { LimitFieldsView, limitFieldsView } from './plans/limit-fields.view.js';
export {
  type EndpointRate,
  type EndpointRates,
  FREE_PLAN,
  type PlanRow,
  QUOTA_WINDOWS,
  type QuotaWindow,
} from './plans/plan.entity.js';
export { PlanExists } from './plans/plan-exists.rule.js';
export { PlanStore } from './plans/plan.store.js';
export { PlanView, planView } from './plans/plan.view.js';
export { type Principal, type PrincipalPlan } from './principal.js';
export { ApiProblems, ProblemView } from './problems.decorator.js';
export { type Shown } from './shown.js';
export { isDuplicate } from './sql-failure.js';
export { IsAddress, IsInstant, IsLine, MayBeAbsent } from './text.rules.js';
export { UserEditor } from './users/user.editor.js';
export { type Role, ROLES, USER_STATUSES, UserEntity, type UserStatus } from './users/user.entity.js';
export { UserRegistrar } from './users/user.registrar.js';
export { UserStore } from './users/user.store.js';
export { UserView, userView } from './users/user.view.js';
export { SubjectIdPipe } from './subject-id.pipe.js';
