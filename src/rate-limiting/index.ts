/** The heart's public face, for this application's modules and for other Nest applications. */
export {
  type CallContext,
  type CallEnding,
  type HangUp,
  currentCallContext,
  noteEnding,
  runInCallContext,
} from './call-context.js';
export { BudgetsReader, type BudgetsStanding, type BudgetStanding } from './budgets/budgets.reader.js';
export { CircuitBreaker } from './budgets/circuit-breaker.js';
export { ChangeRecorder, type QuotaChangeContext } from './adjustments/change-recorder.port.js';
export { GRANTED_UNITS, type GrantedUnit, QuotaGrants } from './adjustments/quota-grants.js';
export {
  QuotaResets,
  resetFaults,
  RESET_SCOPES,
  type ResetDone,
  type ResetInput,
  type ResetScope,
} from './adjustments/quota-resets.js';
export { type ReservationCounts, ReservationCountsStore } from './counters/redis/reservation-counts.store.js';
export { MOST_OUTPUT_TOKENS } from './claims.js';
export { type Caller, type Subject, type SubjectKind } from './domain/caller.js';
export { Clock, FrozenClock, SystemClock } from './domain/clock.js';
export { CounterStore, type Hold } from './domain/counters.js';
export {
  type ApiKeyId,
  apiKeyId,
  type ReservationId,
  reservationId,
  type UserId,
  userId,
} from './domain/ids.js';
export {
  type CounterWindow,
  type Enforcement,
  ENFORCEMENTS,
  type LimitFields,
  type LimitState,
  NO_LIMITS,
  remainingOf,
} from './domain/limit.js';
export { formatUsd, parseUsd } from './domain/money.js';
export { isOperation, type Operation, OPERATIONS, type Unit } from './domain/operation.js';
export {
  dayAt,
  isTimeZone,
  type Period,
  periodAt,
  periodOfMonth,
  type Schedule,
  startOfDay,
} from './domain/period.js';
export { BREAKER_LIMIT, type BreakerState, HOUR_LIMIT, type OpenBreaker } from './domain/system-budgets.js';
export { type ActualUsage, type UsageEntry, type UsageStatus } from './domain/usage.js';
export { InstanceRoster } from './instances/instance-roster.store.js';
export { MinuteStore } from './ledger/minute.store.js';
export { PartitionStore } from './ledger/partition.store.js';
export { Ledger } from './ledger/ledger.port.js';
export { type NearLimit, NearLimitStore, type UserNearLimit } from './ledger/near-limit.store.js';
export { type MadeResource, ResourceMakers } from './ledger/resource-makers.store.js';
export { USAGE_KEYS, type UsageKey } from './ledger/usage-keys.js';
export { type KeyValues, type UsageQuery } from './ledger/usage-rows.statement.js';
export { type UsageSums, UsageRowsStore } from './ledger/usage-rows.store.js';
export { UsageReportStore, type UsageTotal } from './ledger/usage-report.store.js';
export { type LimitAsked, type LimitCheck, type UsageAsked } from './limit-check.js';
export { KeptReservations, type KeptFate, type ReservationKeeper } from './kept-reservations.js';
export { UserRowsStore } from './ledger/user-rows.store.js';
export { type LimitView, limitView } from './limit-view.js';
export { boundedLoad } from './limits/bounded-load.js';
export { LimitColumns, limitFieldsOf } from './limits/limit.columns.js';
export { LimitResolver } from './limits/limit-resolver.js';
export { SESSION_LIMIT } from './limits/session-limit.js';
export { LimitsModule } from './limits/limits.module.js';
export { PlanDirectory, type PlanTerms, type UserSchedule } from './limits/plan-directory.port.js';
export { RATE_LIMIT_CHANGE, RateLimitStore } from './limits/rate-limit.store.js';
export { LIMITED_KINDS, type LimitedKind, type RateLimitRow } from './rate-limit.entity.js';
export { RateLimit, type RateLimitOptions, type ReportedUsage } from './rate-limit.decorator.js';
export { LimitExceeded, storeUnavailable } from './rate-limiting.errors.js';
export { RATE_LIMITING_OPTIONS, type RateLimitingOptions } from './rate-limiting.options.js';
export { RateLimitingModule } from './rate-limiting.module.js';
export { RateLimitingService } from './rate-limiting.service.js';
export { newReservationId, timeOf } from './reservation-ids.js';
export { reserveCall } from './reserved-call.js';
export { type CallEstimate, type Reservation } from './reservation.js';
export { type Outcome, type ReserveInput } from './reserving.js';
export { Sweeper } from './sweeper.js';
export { type LimitsMet, Settlements } from './settlements.js';
