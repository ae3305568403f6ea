import { userId } from './domain/ids.js';
import { type LimitState } from './domain/limit.js';
import { allows, callerOf, otherPeriod } from './limit-check.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const ADA = userId('ada');

function limit(more: Partial<LimitState>): LimitState {
  const window = { kind: 'month', name: '2026-11-01', startsAtMs: 0, resetsAtMs: 1 };
  const subject = { kind: 'user', id: ADA } as const;
  const open = { name: 'l', unit: 'tokens', max: 0, enforcement: 'hard', used: 0, reserved: 0 } as const;
  return { ...open, subject, window, ...more };
}

describe('asking for room', () => {
  const asked = { userId: ADA, operation: 'llm_call', tokens: 10 } as const;

  it.each<[string, Partial<LimitState>, boolean]>([
    ['is allowed up to the last token', { max: 100, used: 60, reserved: 30 }, true],
    ['is denied past it', { max: 100, used: 61, reserved: 30 }, false],
    ['asks one call where it says nothing of calls', { unit: 'calls', max: 5, used: 5 }, false],
    ['has no room in money that is spent', { unit: 'cost', max: 7, used: 7 }, false],
    ['is not held back by what is soft', { max: 1, used: 5, enforcement: 'soft' }, true],
    ['is not held back by what is unlimited', { max: 0, used: 5 }, true],
  ])('%s', (_what, state, allowed) => {
    expect(allows([limit({}), limit(state)], asked)).toBe(allowed);
  });

  it('takes the ids of who asks, or a caller', () => {
    expect(callerOf(asked).userId).toBe(ADA);
    expect(callerOf({ caller: { userId: ADA }, operation: 'llm_call' })).toEqual({ userId: ADA });
  });
});

describe('the period of a name', () => {
  const schedule = { billingDay: 25, timeZone: 'Europe/Madrid' };

  it.each([
    ['2026-09', '2026-09-25'],
    ['2026-09-25', '2026-09-25'],
    ['2026-10-25', undefined],
    ['2026-10', undefined],
  ])('%s is %s', (name, period) => {
    expect(otherPeriod(name, schedule, NOW)?.name).toBe(period);
  });

  it.each(['soon', '2026', '2026-13', '2026-09-01', '2026-9', ''])('there is no period %j', (name) => {
    expect(() => otherPeriod(name, schedule, NOW)).toThrow(/period must be .* such as 2026-10-25/);
  });
});
