/** What a report may be grouped by. */
export const USAGE_KEYS = [
  'user',
  'plan',
  'apiKey',
  'workspace',
  'workflow',
  'operation',
  'provider',
  'model',
  'day',
  'month',
] as const;

export type UsageKey = (typeof USAGE_KEYS)[number];

/** Where a key's value stands. */
export interface KeyColumn {
  readonly expression: string;
  readonly type: 'text' | 'date';
  /** Whether rows may have none: a call without a workspace has a null there. Those come last. */
  readonly nullable: boolean;
}

const text = (expression: string) => ({ expression, type: 'text', nullable: false }) as const;
const mayLack = (expression: string) => ({ expression, type: 'text', nullable: true }) as const;

const TEXT_COLUMNS = {
  user: mayLack('user_id'),
  // The plan that the user has now: the ledger does not know which one it was then.
  plan: mayLack('plan_id'),
  apiKey: mayLack('api_key_id'),
  workspace: mayLack('workspace_id'),
  workflow: mayLack('workflow_id'),
  operation: text('operation'),
  provider: text('provider'),
  model: text('model'),
} satisfies Partial<Record<UsageKey, KeyColumn>>;

/** A table of sums, and how its days are asked for. */
export interface RollUp {
  readonly table: string;
  /** The condition on $1 and $2, the first and the last day. */
  readonly within: string;
  readonly day: string;
  readonly month: string;
}

/** Days of QUOTA_TIMEZONE. */
export const DAILY: RollUp = {
  table: 'usage_daily',
  within: 'day BETWEEN $1::date AND $2::date',
  day: 'day',
  month: "date_trunc('month', day::timestamp)::date",
};

/** Days of the users' own zones. The index has `day` before `local_day`; they are two days apart at the most. */
export const LOCAL_DAILY: RollUp = {
  table: 'usage_daily',
  within: 'local_day BETWEEN $1::date AND $2::date AND day BETWEEN $1::date - 2 AND $2::date + 2',
  day: 'local_day',
  month: "date_trunc('month', local_day::timestamp)::date",
};

/** Whole months, which know users and operations only. */
export const MONTHLY: RollUp = {
  table: 'usage_monthly',
  within: 'month BETWEEN $1::date AND $2::date',
  day: 'month',
  month: 'month',
};

/** One month: being equal to a constant, it leaves the index in the order of users and operations. */
export const ONE_MONTH: RollUp = {
  ...MONTHLY,
  within: 'month = $1::date AND $1::date <= $2::date',
};

const MONTHLY_KEYS: ReadonlySet<UsageKey> = new Set(['user', 'plan', 'operation', 'month']);

/** The smallest table that has what is asked. */
export function rollUpFor(groupBy: readonly UsageKey[], firstDay: string, lastDay: string): RollUp {
  const whole = firstDay.endsWith('-01') && isLastOfMonth(lastDay);
  if (!whole || !groupBy.every((key) => MONTHLY_KEYS.has(key))) return DAILY;
  return firstDay.slice(0, 7) === lastDay.slice(0, 7) ? ONE_MONTH : MONTHLY;
}

/** Where a key's value stands in a roll-up. */
export function columnOf(key: UsageKey, rollUp: RollUp): KeyColumn {
  if (key === 'day') return { expression: rollUp.day, type: 'date', nullable: false };
  if (key === 'month') return { expression: rollUp.month, type: 'date', nullable: false };
  return TEXT_COLUMNS[key];
}

function isLastOfMonth(day: string): boolean {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).getUTCDate() === 1;
}
