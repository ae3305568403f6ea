import { type Span } from '@opentelemetry/api';

import { markFailed, openSpan, type OpenSpan } from '../telemetry/index.js';

import { type LimitState, remainingOf } from './domain/limit.js';
import { type Operation } from './domain/operation.js';
import { softExceeded } from './domain/outcome.js';
import { type ReservationId } from './domain/ids.js';
import { type UsageStatus } from './domain/usage.js';
import { type Outcome, type ReserveInput } from './reserving.js';

/** The span of one metered call, from its reserve to its settlement; there is none while nothing is traced. */
export class CallTrace {
  private ended = false;

  constructor(private readonly open: OpenSpan) {}

  static of(operation: Operation): CallTrace | undefined {
    const open = openSpan(operation);
    return open && new CallTrace(open);
  }

  get span(): Span {
    return this.open.span;
  }

  /** Runs work inside of it. */
  run<Result>(work: () => Result): Result {
    return this.open.run(work);
  }

  /** The first end holds. @param limits as the call left them. */
  end(status: UsageStatus | 'released', limits: readonly LimitState[] = []): void {
    if (this.ended) return;
    this.ended = true;
    traceSettled(this.span, limits);
    this.span.setAttributes({ 'llm.success': status === 'settled', 'cuota.status': status });
    this.span.end();
  }

  fail(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    markFailed(this.span, error);
    this.span.setAttribute('llm.success', false);
    this.span.end();
  }
}

/** What a call asks for. */
export function traceAsked(span: Span, { caller, operation, estimate }: ReserveInput): void {
  const { workflowId, workspaceId } = caller;
  const output = estimate.output ? estimate.output.max * estimate.output.choices : 0;
  span.setAttributes({
    'cuota.operation': operation,
    'llm.tokens_estimate': estimate.inputTokens + output,
    ...(workflowId !== undefined && { 'llm.workflow_id': workflowId }),
    ...(workspaceId !== undefined && { 'llm.tenant_id': workspaceId }),
  });
}

/** What its limits answered. `llm.quota.remaining` is in tokens, of the tightest token quota. */
export function traceOutcome(span: Span, outcome: Outcome): void {
  const denied = outcome.kind === 'denied';
  const limits = denied ? outcome.limits : outcome.reservation.limits;
  const left = limits
    .filter(({ unit, max }) => unit === 'tokens' && max > 0)
    .map((limit) => remainingOf(limit));
  span.setAttributes({
    'llm.quota.allowed': !denied,
    ...(left.length > 0 && { 'llm.quota.remaining': Math.min(...left) }),
    ...usageIdOf(outcome),
    ...(denied && exceeding(limits.map(({ name }) => name))),
  });
}

/** Which soft limits a settled call went past. */
export function traceSettled(span: Span, limits: readonly LimitState[]): void {
  const names = softExceeded(limits);
  if (names.length > 0) span.setAttributes(exceeding(names));
}

function usageIdOf(outcome: Outcome): { 'cuota.usage_id'?: ReservationId } {
  return outcome.kind === 'reserved' ? { 'cuota.usage_id': outcome.reservation.id } : {};
}

function exceeding(names: string[]) {
  return { 'cuota.limits_exceeded': names };
}
