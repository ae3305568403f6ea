/**
 * Periods and days as pure functions of (now, billing day, zone). The name of a period is part of its counters'
 * keys, so a new month starts empty by itself: no job stands between a user and it.
 */
export interface Schedule {
  /** 1 to 31; in a month without that day the period starts on the month's last day. */
  readonly billingDay: number;
  /** IANA name, such as `Europe/Madrid`. */
  readonly timeZone: string;
}

export interface Period {
  /** Its first day, `2026-11-01`. */
  readonly name: string;
  readonly startsAtMs: number;
  /** The first instant of the next period. */
  readonly endsAtMs: number;
}

interface LocalDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const HOUR_MS = 3_600_000;
const formatters = new Map<string, Intl.DateTimeFormat>();
const latest = new Map<string, Period>();
const latestDay = new Map<string, Period>();

/** Whether the machine knows this IANA zone. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The period that `nowMs` falls into. */
export function periodAt(nowMs: number, schedule: Schedule): Period {
  const key = `${schedule.billingDay}/${schedule.timeZone}`;
  const known = latest.get(key);
  if (known && known.startsAtMs <= nowMs && nowMs < known.endsAtMs) return known;
  const period = computePeriod(nowMs, schedule);
  latest.set(key, period);
  return period;
}

/** The period whose calendar month is `month` (`2026-11`), or `undefined` where that is no month. */
export function periodOfMonth(month: string, schedule: Schedule): Period | undefined {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month);
  if (!match) return undefined;
  return periodStarting(Number(match[1]), Number(match[2]), schedule);
}

/** The local calendar day at an instant, `2026-11-21`. */
export function dayAt(nowMs: number, timeZone: string): string {
  const known = latestDay.get(timeZone);
  if (known && known.startsAtMs <= nowMs && nowMs < known.endsAtMs) return known.name;
  const name = computeDay(nowMs, timeZone);
  // Asked for every call, and formatting a date in a zone costs more than all else of it.
  latestDay.set(timeZone, {
    name,
    startsAtMs: startOfDay(name, timeZone),
    endsAtMs: startOfDay(addDays(name, 1), timeZone),
  });
  return name;
}

function computeDay(nowMs: number, timeZone: string): string {
  return formatDate(localDateAt(nowMs, timeZone));
}

/** The calendar day so many days after another, or before it where there are fewer than none. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 24 * HOUR_MS).toISOString().slice(0, 10);
}

/** The first instant of a local calendar day, also where its midnight does not exist (daylight saving). */
export function startOfDay(day: string, timeZone: string): number {
  const utcMidnight = Date.parse(`${day}T00:00:00Z`);
  // Zones lie between UTC-12 and UTC+14: the first instant of the local day is inside this span.
  let before = utcMidnight - 15 * HOUR_MS;
  let within = utcMidnight + 13 * HOUR_MS;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (computeDay(middle, timeZone) < day) before = middle;
    else within = middle;
  }
  return within;
}

function computePeriod(nowMs: number, schedule: Schedule): Period {
  const today = localDateAt(nowMs, schedule.timeZone);
  const startsThisMonth = today.day >= anchorDay(today.year, today.month, schedule.billingDay);
  const monthIndex = today.year * 12 + (today.month - 1) - (startsThisMonth ? 0 : 1);
  return periodStarting(Math.floor(monthIndex / 12), (monthIndex % 12) + 1, schedule);
}

function periodStarting(year: number, month: number, schedule: Schedule): Period {
  const next = month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 };
  const name = anchorDate(year, month, schedule.billingDay);
  return {
    name,
    startsAtMs: startOfDay(name, schedule.timeZone),
    endsAtMs: startOfDay(anchorDate(next.year, next.month, schedule.billingDay), schedule.timeZone),
  };
}

function anchorDate(year: number, month: number, billingDay: number): string {
  return formatDate({ year, month, day: anchorDay(year, month, billingDay) });
}

function anchorDay(year: number, month: number, billingDay: number): number {
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return Math.min(billingDay, daysInMonth);
}

function localDateAt(nowMs: number, timeZone: string): LocalDate {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const part of formatterOf(timeZone).formatToParts(nowMs)) parts[part.type] = part.value;
  return { year: Number(parts.year), month: Number(parts.month), day: Number(parts.day) };
}

function formatDate({ year, month, day }: LocalDate): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  });
  formatters.set(timeZone, formatter);
  return formatter;
}
