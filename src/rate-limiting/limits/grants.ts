import { type Unit } from '../domain/operation.js';

/** More room of one unit in one period, until an instant. Money in nano-dollars. */
export interface Grant {
  readonly unit: Unit;
  readonly amount: number;
  /** The period's first day. */
  readonly period: string;
  readonly expiresAtMs: number;
}

/**
 * A maximum with the grants on top that hold at an instant. What is unlimited (0) stays so. An expired grant is gone
 * with its instant, on every instance and whatever the counters hold: a maximum is told anew with every call.
 */
export function withGrants(
  max: number,
  grants: readonly Grant[] | undefined,
  at: { readonly unit: Unit; readonly period: string; readonly atMs: number },
): number {
  if (max === 0 || !grants) return max;
  return raised(
    max,
    grants.filter(
      ({ unit, period, expiresAtMs }) => unit === at.unit && period === at.period && at.atMs < expiresAtMs,
    ),
  );
}

/** As `withGrants`, of tokens in a rolling window: it knows no period, so a grant holds until its end. */
export function withRollingGrants(max: number, grants: readonly Grant[] | undefined, atMs: number): number {
  if (max === 0 || !grants) return max;
  return raised(
    max,
    grants.filter(({ unit, expiresAtMs }) => unit === 'tokens' && atMs < expiresAtMs),
  );
}

function raised(max: number, holding: readonly Grant[]): number {
  const granted = holding.reduce((sum, { amount }) => sum + amount, 0);
  return Math.min(Number.MAX_SAFE_INTEGER, max + granted);
}
