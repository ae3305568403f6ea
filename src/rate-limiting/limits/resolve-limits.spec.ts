import { apiKeyId, userId } from '../domain/ids.js';
import { type LimitFields, NO_LIMITS } from '../domain/limit.js';

import { type LimitOverride, type ResolveInput, resolveLimits } from './resolve-limits.js';

const NOON = Date.parse('2026-11-21T12:00:00Z');
const FIRST = { billingDay: 1, timeZone: 'UTC' };
const ADA = userId('ada');
const KEY = apiKeyId('key');

const PLAN: LimitFields = {
  ...NO_LIMITS,
  monthlyTokenLimit: 100_000,
  monthlyCallLimit: 0,
  monthlyCostLimitNanoUsd: 5_000_000_000,
  imageGenerationLimit: 20,
};

function own(limits: Partial<LimitFields>, rest: Partial<LimitOverride> = {}): LimitOverride {
  return { limits: { ...NO_LIMITS, ...limits }, enforcement: null, isActive: true, ...rest };
}

function resolve(input: Partial<ResolveInput>) {
  return resolveLimits({
    caller: { userId: ADA },
    user: { inherited: PLAN, schedule: FIRST },
    apiKey: { schedule: FIRST },
    atMs: NOON,
    operation: 'image_generation',
    ...input,
  });
}

/** name → maximum, of all counters. */
function maxima(input: Partial<ResolveInput>): Record<string, number> {
  const limits = resolve(input).flatMap((counter) => counter.limits);
  return Object.fromEntries(limits.map(({ name, max }) => [name, max]));
}

describe('the limits of a call', () => {
  it("are the plan's where the user has none of its own, each unit of the call with its line", () => {
    expect(maxima({})).toEqual({
      'user.month.tokens': 100_000,
      'user.month.calls': 0,
      'user.month.cost': 5_000_000_000,
      'user.month.image_generation': 20,
    });
  });

  it("are the user's own where set: null inherits, 0 is unlimited", () => {
    const user = {
      inherited: PLAN,
      own: own({ monthlyTokenLimit: 0, monthlyCallLimit: 7 }),
      schedule: FIRST,
    };
    expect(maxima({ user })).toEqual({
      'user.month.tokens': 0,
      'user.month.calls': 7,
      'user.month.cost': 5_000_000_000,
      'user.month.image_generation': 20,
    });
  });

  it('ignore a RateLimit that is not active, its enforcement too', () => {
    const off = own({ monthlyTokenLimit: 1 }, { isActive: false, enforcement: 'soft' });
    const [counter] = resolve({ user: { inherited: PLAN, own: off, schedule: FIRST } });
    expect(counter?.limits[0]).toMatchObject({ max: 100_000, enforcement: 'hard' });
  });

  it('are hard unless the RateLimit says otherwise, and then the inherited ones follow it too', () => {
    const enforcements = (input: Partial<ResolveInput>) =>
      resolve(input).flatMap(({ limits }) => limits.map(({ enforcement }) => enforcement));
    expect(new Set(enforcements({}))).toEqual(new Set(['hard']));
    const soft = own({ monthlyCallLimit: 7 }, { enforcement: 'soft' });
    expect(new Set(enforcements({ user: { inherited: PLAN, own: soft, schedule: FIRST } }))).toEqual(
      new Set(['soft']),
    );
  });

  it('of an API key are its own alone: it inherits nothing, and is unlimited and counted without any', () => {
    const caller = { userId: ADA, apiKeyId: KEY };
    expect(maxima({ caller })).toMatchObject({
      'apiKey.month.tokens': 0,
      'apiKey.month.calls': 0,
      'apiKey.month.cost': 0,
      'apiKey.month.image_generation': 0,
    });
    const limited = { own: own({ monthlyTokenLimit: 50, imageGenerationLimit: 1 }), schedule: FIRST };
    expect(maxima({ caller, apiKey: limited })).toMatchObject({
      'user.month.tokens': 100_000,
      'apiKey.month.tokens': 50,
      'apiKey.month.image_generation': 1,
    });
  });

  it('of a soft API key leave those of its user hard', () => {
    const soft = { own: own({ monthlyTokenLimit: 50 }, { enforcement: 'soft' as const }), schedule: FIRST };
    const counters = resolve({ caller: { userId: ADA, apiKeyId: KEY }, apiKey: soft });
    expect(counters.map(({ limits }) => limits[0]?.enforcement)).toEqual(['hard', 'soft']);
  });

  it('name every operation where none is asked for, and only the one that is', () => {
    expect(Object.keys(maxima({ operation: undefined }))).toEqual([
      'user.month.tokens',
      'user.month.calls',
      'user.month.cost',
      'user.month.script_generation',
      'user.month.video_generation',
      'user.month.image_generation',
      'user.month.llm_call',
      'user.month.embedding',
    ]);
    expect(Object.keys(maxima({ operation: 'embedding' }))).toContain('user.month.embedding');
    expect(Object.keys(maxima({ operation: 'embedding' }))).toHaveLength(4);
  });

  it("G6: count in the period of each subject's own schedule", () => {
    const [user, key] = resolve({
      caller: { userId: ADA, apiKeyId: KEY },
      user: { inherited: PLAN, schedule: { billingDay: 25, timeZone: 'Europe/Madrid' } },
    });
    expect(user?.window).toEqual({
      kind: 'month',
      name: '2026-10-25',
      startsAtMs: Date.parse('2026-10-24T22:00:00Z'),
      resetsAtMs: Date.parse('2026-11-24T23:00:00Z'),
    });
    expect(key?.window.name).toBe('2026-11-01');
    expect(key?.subject).toEqual({ kind: 'apiKey', id: 'key' });
  });

  it('are none for a caller whom no monthly limit counts', () => {
    expect(resolve({ caller: { workspaceId: 'w' } })).toEqual([]);
  });
});
