import { type CounterWindow } from './limit.js';
import { addDays, dayAt, startOfDay } from './period.js';

/** How far rolling windows look back, and whose days they are made of. */
export interface RollingSpan {
  readonly days: number;
  /** IANA name. */
  readonly timeZone: string;
}

/** The window that holds now, and the one that will tomorrow. */
export interface RollingWindows {
  readonly current: CounterWindow;
  readonly next: CounterWindow;
}

/** What was used on one local day. */
export interface DayAmount {
  /** `2026-11-21` */
  readonly day: string;
  readonly amount: number;
}

const NAME = /^r(\d+):(\d{4}-\d{2}-\d{2})$/;
const latest = new Map<string, { readonly startOfTodayMs: number; readonly windows: RollingWindows }>();

/**
 * The last `days` whole days at an instant, today included. A window is named by its last day, `r30:2026-11-22`, so that
 * it turns by itself at midnight, as a month does.
 */
export function rollingWindowsAt(nowMs: number, span: RollingSpan): RollingWindows {
  const key = `${span.days}/${span.timeZone}`;
  const known = latest.get(key);
  if (known && known.startOfTodayMs <= nowMs && nowMs < known.windows.current.resetsAtMs)
    return known.windows;
  const today = dayAt(nowMs, span.timeZone);
  const windows = { current: windowEnding(today, span), next: windowEnding(addDays(today, 1), span) };
  latest.set(key, { startOfTodayMs: startOfDay(today, span.timeZone), windows });
  return windows;
}

/** The first and the last day of a rolling window; `undefined` for any other. */
export function rollingDaysOf({
  name,
}: Pick<CounterWindow, 'name'>): { readonly firstDay: string; readonly lastDay: string } | undefined {
  const [, days, lastDay] = NAME.exec(name) ?? [];
  if (days === undefined || lastDay === undefined) return undefined;
  return { firstDay: addDays(lastDay, 1 - Number(days)), lastDay };
}

/** Whether a window is made of days that fall out one by one. */
export function isRolling({ name }: Pick<CounterWindow, 'name'>): boolean {
  return NAME.test(name);
}

/**
 * The first midnight at which as much has fallen out of a window as is missing. What today's calls used and hold counts
 * until today itself falls out, and so does what is missing in any case.
 */
export function roomReturnsAt(
  window: CounterWindow,
  past: { readonly days: readonly DayAmount[]; readonly missing: number },
  timeZone: string,
): number {
  const span = rollingDaysOf(window);
  if (!span) return window.resetsAtMs;
  const after = daysBetween(span.firstDay, span.lastDay) + 1;
  let freed = 0;
  for (const { day, amount } of past.days) {
    if (day >= span.lastDay) break;
    freed += amount;
    if (freed >= past.missing) return startOfDay(addDays(day, after), timeZone);
  }
  return startOfDay(addDays(span.lastDay, after), timeZone);
}

function windowEnding(lastDay: string, { days, timeZone }: RollingSpan): CounterWindow {
  return {
    kind: `rolling_${days}d`,
    name: `r${days}:${lastDay}`,
    startsAtMs: startOfDay(addDays(lastDay, 1 - days), timeZone),
    resetsAtMs: startOfDay(addDays(lastDay, 1), timeZone),
  };
}

function daysBetween(first: string, last: string): number {
  return Math.round((Date.parse(last) - Date.parse(first)) / 86_400_000);
}
