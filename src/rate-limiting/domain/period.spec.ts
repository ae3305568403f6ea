import { dayAt, isTimeZone, periodAt, periodOfMonth, startOfDay } from './period.js';

const at = (iso: string) => Date.parse(iso);
const iso = (ms: number) => new Date(ms).toISOString();

describe('periodAt', () => {
  it.each([
    ['2026-11-21T12:00:00Z', 'UTC', 1, '2026-11-01', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    [
      '2026-11-30T23:59:59.999Z',
      'UTC',
      1,
      '2026-11-01',
      '2026-11-01T00:00:00.000Z',
      '2026-12-01T00:00:00.000Z',
    ],
    ['2026-12-01T00:00:00Z', 'UTC', 1, '2026-12-01', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    [
      '2026-11-30T23:30:00Z',
      'Europe/Madrid',
      1,
      '2026-12-01',
      '2026-11-30T23:00:00.000Z',
      '2026-12-31T23:00:00.000Z',
    ],
    [
      '2026-11-01T04:00:00Z',
      'America/New_York',
      1,
      '2026-11-01',
      '2026-11-01T04:00:00.000Z',
      '2026-12-01T05:00:00.000Z',
    ],
    [
      '2026-11-01T03:59:59Z',
      'America/New_York',
      1,
      '2026-10-01',
      '2026-10-01T04:00:00.000Z',
      '2026-11-01T04:00:00.000Z',
    ],
    ['2026-02-28T12:00:00Z', 'UTC', 31, '2026-02-28', '2026-02-28T00:00:00.000Z', '2026-03-31T00:00:00.000Z'],
    ['2028-02-29T12:00:00Z', 'UTC', 31, '2028-02-29', '2028-02-29T00:00:00.000Z', '2028-03-31T00:00:00.000Z'],
    ['2026-02-27T12:00:00Z', 'UTC', 31, '2026-01-31', '2026-01-31T00:00:00.000Z', '2026-02-28T00:00:00.000Z'],
    ['2026-01-14T12:00:00Z', 'UTC', 15, '2025-12-15', '2025-12-15T00:00:00.000Z', '2026-01-15T00:00:00.000Z'],
  ])('G6: %s in %s with billing day %i is period %s', (now, timeZone, billingDay, name, starts, ends) => {
    const period = periodAt(at(now), { billingDay, timeZone });
    expect({ name: period.name, starts: iso(period.startsAtMs), ends: iso(period.endsAtMs) }).toEqual({
      name,
      starts,
      ends,
    });
  });

  it('G6: starts at the first instant of a day whose midnight daylight saving skips', () => {
    // In 2018 São Paulo went from 23:59:59 on November 3rd straight to 01:00 on the 4th.
    expect(iso(startOfDay('2018-11-04', 'America/Sao_Paulo'))).toBe('2018-11-04T03:00:00.000Z');
    expect(dayAt(at('2018-11-04T02:59:59.999Z'), 'America/Sao_Paulo')).toBe('2018-11-03');
  });

  it('G6: every instant of ten years falls into a period that holds it, and periods touch', () => {
    for (const timeZone of [
      'UTC',
      'Europe/Madrid',
      'America/Sao_Paulo',
      'Pacific/Kiritimati',
      'Asia/Kathmandu',
    ]) {
      let period = periodAt(at('2017-01-15T00:00:00Z'), { billingDay: 31, timeZone });
      for (let month = 0; month < 120; month++) {
        const next = periodAt(period.endsAtMs, { billingDay: 31, timeZone });
        expect(next.startsAtMs).toBe(period.endsAtMs);
        expect(periodAt(period.endsAtMs - 1, { billingDay: 31, timeZone }).name).toBe(period.name);
        period = next;
      }
    }
  });

  it('finds the period of a named month, and none for what is no month', () => {
    expect(periodOfMonth('2026-02', { billingDay: 31, timeZone: 'UTC' })?.name).toBe('2026-02-28');
    for (const wrong of ['2026-13', '2026-1', 'November', '2026-00']) {
      expect(periodOfMonth(wrong, { billingDay: 1, timeZone: 'UTC' })).toBeUndefined();
    }
  });
});

describe('isTimeZone', () => {
  it('knows zones from typing errors', () => {
    expect(isTimeZone('Europe/Madrid')).toBe(true);
    expect(isTimeZone('Europe/Madrit')).toBe(false);
  });
});
