import { type CounterWindow, type LimitState } from './limit.js';
import { denialOf } from './outcome.js';
import {
  BREAKER_LIMIT,
  breakerAt,
  breakerWindow,
  EVERYBODY,
  HOUR_LIMIT,
  hourWindowAt,
  opensBreaker,
  systemCounters,
} from './system-budgets.js';

const NOON = Date.parse('2026-11-26T12:00:00Z');
const MAXIMA = { hourlyNanoUsd: 50, breakerNanoUsd: 100 };

describe('the clock hour', () => {
  it('G6: turns with the hour, to the millisecond', () => {
    expect(hourWindowAt(NOON - 1)).toMatchObject({ name: 'h2026-11-26T11', resetsAtMs: NOON });
    expect(hourWindowAt(NOON)).toEqual({
      kind: 'hour',
      name: 'h2026-11-26T12',
      startsAtMs: NOON,
      resetsAtMs: NOON + 3_600_000,
    });
  });
});

describe('the circuit breaker', () => {
  const opened = { sinceMs: 1_000, openedAtMs: 5_000, closesAtMs: 9_000 };

  it('is closed until it is opened', () => {
    const row = { sinceMs: 1_000, openedAtMs: null, closesAtMs: null };
    expect(breakerAt(row, 7_000)).toEqual({ kind: 'closed', sinceMs: 1_000 });
  });

  it('is open until its cool-down has passed, and counts anew from that instant on', () => {
    expect(breakerAt(opened, 8_999)).toEqual({ kind: 'open', ...opened });
    expect(breakerAt(opened, 9_000)).toEqual({ kind: 'closed', sinceMs: 9_000 });
  });

  it('is another counter each time it is closed', () => {
    expect(breakerWindow(1_000).name).not.toBe(breakerWindow(9_000).name);
  });
});

describe('the counters of everybody', () => {
  const names = (hourlyNanoUsd: number, breakerNanoUsd: number, sinceMs = 0) =>
    systemCounters(NOON, { hourlyNanoUsd, breakerNanoUsd }, sinceMs).flatMap(({ limits }) =>
      limits.map(({ name, max }) => [name, max]),
    );

  it('are those of the hour and of the breaker, and what is unlimited is not counted', () => {
    expect(names(50, 100)).toEqual([
      [HOUR_LIMIT, 50],
      [BREAKER_LIMIT, 100],
    ]);
    expect(names(0, 100)).toEqual([[BREAKER_LIMIT, 100]]);
    expect(names(50, 0)).toEqual([[HOUR_LIMIT, 50]]);
    expect(names(0, 0)).toEqual([]);
  });

  it('leave out the breaker for a call of before it was closed', () => {
    expect(names(50, 100, NOON)).toHaveLength(2);
    expect(names(50, 100, NOON + 1)).toEqual([[HOUR_LIMIT, 50]]);
  });
});

describe('what opens the breaker', () => {
  const limit = (name: string, used: number, reserved: number, window: CounterWindow): LimitState => ({
    name,
    unit: 'cost',
    max: MAXIMA.breakerNanoUsd,
    enforcement: 'hard',
    subject: EVERYBODY,
    window,
    used,
    reserved,
  });
  const breaker = (used: number, reserved = 0) => limit(BREAKER_LIMIT, used, reserved, breakerWindow(0));
  const denial = (...limits: LimitState[]) => denialOf(limits, NOON);

  it('is a call that what is spent leaves no room for', () => {
    expect(opensBreaker(denial(breaker(95)), 6)).toBe(true);
    expect(opensBreaker(denial(breaker(95), limit(HOUR_LIMIT, 95, 0, hourWindowAt(NOON))), 6)).toBe(true);
  });

  it.each([
    ['what calls in flight hold, and may give back', denial(breaker(50, 48)), 6],
    ['a call that is dearer than the whole', denial(breaker(50)), 101],
    [
      'a call that its own caller may not make',
      denial(breaker(95), { ...breaker(95), name: 'user.month.cost', subject: { kind: 'user', id: 'ada' } }),
      6,
    ],
    ['the hour', denial(limit(HOUR_LIMIT, 95, 0, hourWindowAt(NOON))), 6],
  ])('is not %s', (_what, denied, leastNanoUsd) => {
    expect(opensBreaker(denied, leastNanoUsd)).toBe(false);
  });
});
