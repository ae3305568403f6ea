import { isRolling, rollingDaysOf, rollingWindowsAt, roomReturnsAt } from './rolling.js';

const MADRID = { days: 30, timeZone: 'Europe/Madrid' };
const at = (instant: string) => Date.parse(instant);
const iso = (ms: number) => new Date(ms).toISOString();

describe('a rolling window', () => {
  it('is named by its last day, and turns at the local midnight', () => {
    const before = rollingWindowsAt(at('2026-11-21T22:59:59.999Z'), MADRID);
    const after = rollingWindowsAt(at('2026-11-21T23:00:00Z'), MADRID);
    expect([before.current.name, before.next.name]).toEqual(['r30:2026-11-21', 'r30:2026-11-22']);
    expect([after.current.name, after.next.name]).toEqual(['r30:2026-11-22', 'r30:2026-11-23']);
    expect(after.current).toEqual(before.next);
    expect(iso(after.current.startsAtMs)).toBe('2026-10-23T22:00:00.000Z');
    expect(iso(after.current.resetsAtMs)).toBe('2026-11-22T23:00:00.000Z');
  });

  it('gives the same answer when asked of an earlier instant again', () => {
    const first = rollingWindowsAt(at('2026-11-21T12:00:00Z'), MADRID);
    rollingWindowsAt(at('2026-12-21T12:00:00Z'), MADRID);
    expect(rollingWindowsAt(at('2026-11-21T12:00:00Z'), MADRID)).toEqual(first);
  });

  it.each([
    ['Europe/Madrid', '2026-03-29', 23],
    ['Europe/Madrid', '2026-10-25', 25],
    // Midnight itself does not exist there on that day.
    ['America/Santiago', '2026-09-06', 23],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
  ])('has every instant of the day that is not 24 hours long in %s, %s', (timeZone, day, hours) => {
    const noon = at(`${day}T12:00:00Z`);
    const { current } = rollingWindowsAt(noon, { days: 1, timeZone });
    expect((current.resetsAtMs - current.startsAtMs) / 3_600_000).toBe(hours);
    const names = [
      current.startsAtMs - 1,
      current.startsAtMs,
      current.resetsAtMs - 1,
      current.resetsAtMs,
    ].map((ms) => rollingWindowsAt(ms, { days: 1, timeZone }).current.name === current.name);
    expect(names).toEqual([false, true, true, false]);
  });

  it('knows its days, and a month is none', () => {
    const { current } = rollingWindowsAt(at('2026-03-01T12:00:00Z'), { days: 7, timeZone: 'UTC' });
    expect(rollingDaysOf(current)).toEqual({ firstDay: '2026-02-23', lastDay: '2026-03-01' });
    expect([isRolling(current), isRolling({ name: '2026-03-01' })]).toEqual([true, false]);
  });
});

describe('room in a rolling window', () => {
  const { current } = rollingWindowsAt(at('2026-11-21T12:00:00Z'), MADRID);
  const days = [
    { day: '2026-10-25', amount: 10 },
    { day: '2026-11-01', amount: 5 },
    { day: '2026-11-21', amount: 85 },
  ];

  it.each([
    [1, '2026-11-23T23:00:00.000Z'],
    [10, '2026-11-23T23:00:00.000Z'],
    [11, '2026-11-30T23:00:00.000Z'],
    [15, '2026-11-30T23:00:00.000Z'],
    [16, '2026-12-20T23:00:00.000Z'],
    [1_000, '2026-12-20T23:00:00.000Z'],
  ])('for %i missing tokens returns at %s', (missing, instant) => {
    expect(iso(roomReturnsAt(current, { days, missing }, 'Europe/Madrid'))).toBe(instant);
  });
});
