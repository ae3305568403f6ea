import { faultsOf, isDay, usageDays } from './usage-days.js';

describe('the days of a report', () => {
  it.each([
    '2026-02-30',
    '2026-13-01',
    '2026-00-10',
    '2026-1-1',
    '0000-01-01',
    'today',
    '2026-11-01T00:00:00Z',
    7,
  ])('takes %s for no day', (value) => {
    expect(isDay(value)).toBe(false);
  });

  it.each(['2026-11-01', '2028-02-29', '1999-12-31'])('takes %s for a day', (value) => {
    expect(isDay(value)).toBe(true);
  });

  it('is the month up to today where nothing is said', () => {
    expect(usageDays({}, '2026-11-21')).toEqual({ firstDay: '2026-11-01', lastDay: '2026-11-21' });
    expect(usageDays({ to: '2026-09-30' }, '2026-11-21')).toEqual({
      firstDay: '2026-09-01',
      lastDay: '2026-09-30',
    });
  });

  it.each([
    ['2026-11-02', '2026-11-01', 'from'],
    ['2021-11-01', '2026-11-01', 'to'],
    ['2021-11-01', '2027-01-01', 'to'],
  ])('refuses %s to %s', (firstDay, lastDay, path) => {
    expect(faultsOf({ firstDay, lastDay }).map((fault) => fault.path)).toEqual([path]);
  });

  it.each([
    ['2021-11-01', '2026-10-31'],
    ['2026-11-01', '2026-11-01'],
  ])('takes %s to %s', (firstDay, lastDay) => {
    expect(faultsOf({ firstDay, lastDay })).toEqual([]);
  });
});
