import { Inject, Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';

import { type Fault, validationFailed } from '../../errors.js';
import { Clock } from '../domain/clock.js';
import { type UserId } from '../domain/ids.js';
import { formatUsd } from '../domain/money.js';
import { type Unit } from '../domain/operation.js';
import { periodAt } from '../domain/period.js';
import { isRolling } from '../domain/rolling.js';
import { GRANT_CHANGE, GrantStore } from '../limits/grant.store.js';
import { type CallTerms, LimitResolver } from '../limits/limit-resolver.js';

import { type GrantTerms, insertAdjustment } from './adjustment.store.js';
import { type ChangeRecorder, LOGGED_CHANGES, type QuotaChangeContext } from './change-recorder.port.js';

/** The units that a user can have a monthly limit of. */
export const GRANTED_UNITS = [
  'tokens',
  'calls',
  'cost',
  'script_generation',
  'image_generation',
  'video_generation',
] as const satisfies readonly Unit[];
export type GrantedUnit = (typeof GRANTED_UNITS)[number];

export interface GrantInput extends QuotaChangeContext {
  readonly userId: UserId;
  readonly reason: string;
  readonly unit: GrantedUnit;
  /** Above 0, in the unit; money in nano-dollars. */
  readonly amount: number;
  /** The end of the user's period, or of tokens in a rolling window a window's length, where it is left out. */
  readonly expiresAtMs?: number | undefined;
}

export interface GrantDone extends GrantTerms {
  readonly id: string;
  readonly userId: UserId;
}

/** An admin's grant: a higher maximum of one unit for one user, until the end of the current period (of the window, where it rolls) or sooner. */
@Injectable()
export class QuotaGrants {
  constructor(
    private readonly resolver: LimitResolver,
    private readonly grants: GrantStore,
    @Inject(LOGGED_CHANGES) private readonly changes: ChangeRecorder,
    private readonly clock: Clock,
  ) {}

  /**
   * Grants. It holds on every instance within a second.
   * @throws CodedError `not_found` for an unknown user, `validation_failed` for an end that is past, or too far.
   */
  async grant(input: GrantInput): Promise<GrantDone> {
    const { userId, unit, amount, reason, actor } = input;
    const now = this.clock.now();
    const { period, lastMs } = await this.roomFor({ userId, unit }, now);
    const { expiresAtMs = lastMs } = input;
    const faults = endFaults({ expiresAtMs, lastMs, nowMs: now });
    if (faults.length > 0) throw validationFailed(faults);
    const granted: GrantTerms = { unit, amount, period, expiresAtMs };
    const id = uuidv7();
    await this.changes.run({ actor, reason }, async (change) => {
      const subject = { subjectKind: 'user', subjectId: userId } as const;
      const row = { id, kind: 'grant', ...subject, grant: granted } as const;
      await insertAdjustment(change.manager, { ...row, reason, actor, createdAtMs: now });
      await change.record({
        action: 'quota.grant',
        subject: { kind: 'user', id: userId },
        after: shownGrant(granted),
      });
      await change.announce(GRANT_CHANGE, userId);
    });
    this.grants.forget(userId);
    return { id, userId, ...granted };
  }

  /** What is wrong with the end that a grant is to have. @throws CodedError `not_found` for an unknown user. */
  async faultsOfEnd({
    userId,
    unit,
    expiresAtMs,
  }: Pick<GrantInput, 'userId' | 'unit'> & { readonly expiresAtMs: number }): Promise<readonly Fault[]> {
    const nowMs = this.clock.now();
    const { lastMs } = await this.roomFor({ userId, unit }, nowMs);
    return endFaults({ expiresAtMs, lastMs, nowMs });
  }

  private async roomFor({ userId, unit }: Pick<GrantInput, 'userId' | 'unit'>, nowMs: number) {
    const terms = await this.resolver.termsOf({ userId }, nowMs);
    const { name, endsAtMs } = periodAt(nowMs, terms.schedule);
    return { period: name, lastMs: lastEnd(unit, terms, { nowMs, periodEndMs: endsAtMs }) };
  }
}

/** As the audit log has it, where all money is in decimal USD and all times are ISO 8601. */
function shownGrant({ unit, amount, period, expiresAtMs }: GrantTerms): object {
  const shown = unit === 'cost' ? formatUsd(amount) : amount;
  return { unit, amount: shown, period, expiresAt: new Date(expiresAtMs).toISOString() };
}

/** The end of the user's period; of tokens in a rolling window as long as the window, which knows no period. */
function lastEnd(
  unit: GrantedUnit,
  { counters }: CallTerms,
  { nowMs, periodEndMs }: { readonly nowMs: number; readonly periodEndMs: number },
): number {
  const rolling = counters.find(({ window }) => isRolling(window));
  if (unit !== 'tokens' || !rolling) return periodEndMs;
  return nowMs + (rolling.window.resetsAtMs - rolling.window.startsAtMs);
}

function endFaults({
  expiresAtMs,
  lastMs,
  nowMs,
}: Record<'expiresAtMs' | 'lastMs' | 'nowMs', number>): readonly Fault[] {
  if (expiresAtMs > nowMs && expiresAtMs <= lastMs) return [];
  const message = `must be an instant to come, at the latest the end of the user's period or rolling window: ${new Date(lastMs).toISOString()}`;
  return [{ path: 'expiresAt', message }];
}
