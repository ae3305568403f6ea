import { userId } from '../domain/ids.js';
import { type LimitFields, NO_LIMITS } from '../domain/limit.js';

import { type LimitOverride } from './resolve-limits.js';
import { rollingCounters, type RollingInput } from './rolling-limits.js';

const NOON = Date.parse('2026-11-21T12:00:00Z');
const ADA = userId('ada');
const DEFAULTS = { days: 7, maxTokens: 700, enforcement: 'soft' } as const;

function own(limits: Partial<LimitFields>, rest: Partial<LimitOverride> = {}): LimitOverride {
  return { limits: { ...NO_LIMITS, ...limits }, enforcement: null, isActive: true, ...rest };
}

/** name, window, maximum and enforcement of every line. */
function lines(input: Partial<RollingInput>) {
  const all = { caller: { userId: ADA }, defaults: DEFAULTS, atMs: NOON, timeZone: 'UTC', ...input };
  return rollingCounters(all).counters.map(({ window, limits }) => [
    limits[0]?.name,
    window.kind,
    limits[0]?.max,
    limits[0]?.enforcement,
  ]);
}

describe('rolling limits', () => {
  const caller = { userId: ADA, workspaceId: 'acme', workflowId: 'nightly' };

  it('are of the workspace and the workflow that a call names, by default those of the settings', () => {
    expect(lines({ caller })).toEqual([
      ['workspace.rolling.tokens', 'rolling_7d', 700, 'soft'],
      ['workflow.rolling.tokens', 'rolling_7d', 700, 'soft'],
    ]);
    expect(lines({})).toEqual([]);
  });

  it('are a RateLimit’s where it says so: 0 is unlimited, null inherits, an inactive one is none', () => {
    const workspace = [own({ rollingTokenLimit: 0 }, { enforcement: 'hard' })];
    const workflow = [
      own({ rollingTokenLimit: 5 }, { isActive: false }),
      own({ rollingTokenLimit: null }, { enforcement: 'shadow' }),
      own({ rollingTokenLimit: 9 }),
    ];
    expect(lines({ caller, workspace, workflow }).map((line) => line.slice(2))).toEqual([
      [0, 'hard'],
      [9, 'shadow'],
    ]);
  });

  const schedule = { billingDay: 1, timeZone: 'UTC' };
  const plan = { ...NO_LIMITS, monthlyTokenLimit: 100 };

  it.each([
    ['the plan’s', { inherited: { ...plan, rollingTokenLimit: 50 } }, 50],
    [
      'the user’s own',
      { inherited: { ...plan, rollingTokenLimit: 50 }, own: own({ rollingTokenLimit: 60 }) },
      60,
    ],
    ['the monthly amount where no rolling one is set', { inherited: plan }, 100],
    ['the user’s own monthly amount then', { inherited: plan, own: own({ monthlyTokenLimit: 7 }) }, 7],
  ])('of a user on a rolling plan are hard, over 30 days, and %s', (_, user, max) => {
    expect(lines({ user: { ...user, schedule } })).toEqual([
      ['user.rolling.tokens', 'rolling_30d', max, 'hard'],
    ]);
  });

  it('of a user are raised by a grant of tokens until its end, whatever its period', () => {
    const grant = { unit: 'tokens', amount: 5, period: '2026-10-01', expiresAtMs: NOON + 1 } as const;
    const user = { inherited: { ...plan, rollingTokenLimit: 50 }, grants: [grant], schedule };
    expect(lines({ user })[0]?.[2]).toBe(55);
    expect(lines({ user, atMs: NOON + 1 })[0]?.[2]).toBe(50);
  });

  it('come with tomorrow’s window, of the same limit', () => {
    const { counters, ahead } = rollingCounters({ caller, defaults: DEFAULTS, atMs: NOON, timeZone: 'UTC' });
    expect(counters.map(({ window }) => window.name)).toEqual(['r7:2026-11-21', 'r7:2026-11-21']);
    expect(ahead.map(({ window }) => window.name)).toEqual(['r7:2026-11-22', 'r7:2026-11-22']);
    expect(ahead.map(({ limits }) => limits)).toEqual(counters.map(({ limits }) => limits));
  });

  it('of a single day come alone: tomorrow counts nothing of today', () => {
    const defaults = { ...DEFAULTS, days: 1 };
    expect(rollingCounters({ caller, defaults, atMs: NOON, timeZone: 'UTC' }).ahead).toEqual([]);
  });
});
