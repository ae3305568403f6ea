import { type Fault } from '../errors.js';

const DAY = /^[1-9]\d{3}-\d\d-\d\d$/;
const MOST_YEARS = 5;

/** A stretch of days, both ends inclusive. */
export interface UsageDays {
  readonly firstDay: string;
  readonly lastDay: string;
}

/** The days that a report is asked for. */
export interface AskedDays {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Whether a text is a day that exists. */
export function isDay(value: unknown): value is string {
  if (typeof value !== 'string' || !DAY.test(value)) return false;
  const at = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value);
}

/** The days that are asked for: up to today, and from the first of the last day's month, where nothing else is said. */
export function usageDays({ from, to }: AskedDays, today: string): UsageDays {
  const lastDay = to ?? today;
  return { firstDay: from ?? `${lastDay.slice(0, 7)}-01`, lastDay };
}

/** What is wrong with a stretch of days. */
export function faultsOf({ firstDay, lastDay }: UsageDays): Fault[] {
  if (firstDay > lastDay) {
    return [{ path: 'from', message: `from must not be after to, and ${firstDay} is after ${lastDay}` }];
  }
  const years = Number(lastDay.slice(0, 4)) - Number(firstDay.slice(0, 4));
  const tooLong = years > MOST_YEARS || (years === MOST_YEARS && lastDay.slice(5) >= firstDay.slice(5));
  return tooLong
    ? [{ path: 'to', message: `to must be less than ${MOST_YEARS} years after from; ask for less at once` }]
    : [];
}
