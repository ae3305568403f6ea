import { type UserId } from '../domain/ids.js';

import { sqlTemplate } from './sql-file.js';
import {
  columnOf,
  type KeyColumn,
  LOCAL_DAILY,
  type RollUp,
  rollUpFor,
  type UsageKey,
} from './usage-keys.js';

const USAGE_ROWS = sqlTemplate('usage-rows');
// The two tables order text differently; the users' own order is taken, so that their index serves.
const WITH_PLAN = 'LEFT JOIN app_user ON app_user.id = user_id COLLATE "default"';

/** Which sums are asked for. */
export interface UsageQuery {
  /** Days such as `2026-11-01`, both inclusive: of QUOTA_TIMEZONE, or of the user's own zone where one user is asked for. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** Rows come in the order of these. */
  readonly groupBy: readonly UsageKey[];
  readonly ofUser?: UserId;
}

/** The values of a row's keys. */
export type KeyValues = readonly (string | null)[];

/** Where a page begins, and how many rows it may have. */
export interface UsageRange {
  readonly limit: number;
  /** The keys of the row before the first one. */
  readonly after?: KeyValues | undefined;
}

export interface Statement {
  readonly text: string;
  readonly values: readonly (string | number | null)[];
}

/** The statement of all rows. */
export function allRows(query: UsageQuery): Statement {
  return new RowsStatement(query).of([], '');
}

/**
 * The statements of a page, to be asked one after the other until the page is full. There are two where the first key
 * may be null: rows without it come last, and no one stretch of an index has both what is above a value and the nulls.
 */
export function pageRows(query: UsageQuery, { limit, after }: UsageRange): ((room: number) => Statement)[] {
  const [first] = new RowsStatement(query).columns;
  const parts = after === undefined || !first ? [[]] : partsAfter(first, after);
  return parts.map((part) => (room) => {
    const statement = new RowsStatement(query);
    const conditions = part.map((condition) => condition(statement, after ?? []));
    return statement.of(conditions, `LIMIT ${Math.min(room, limit)}`);
  });
}

type Condition = (statement: RowsStatement, after: KeyValues) => string;

function partsAfter({ expression, nullable }: KeyColumn, after: KeyValues): Condition[][] {
  const later: Condition = (statement, values) => statement.isAfter(values);
  const isNull: Condition = () => `${expression} IS NULL`;
  if (after[0] === null) return [[isNull, later]];
  const reached: Condition = (statement, values) => `${expression} >= ${statement.keyParameter(0, values)}`;
  return nullable ? [[reached, later], [isNull]] : [[reached, later]];
}

/** One statement in the making: its parameters are numbered as they come. */
class RowsStatement {
  readonly columns: readonly KeyColumn[];
  private readonly rollUp: RollUp;
  private readonly values: (string | null)[];

  constructor(private readonly query: UsageQuery) {
    const { groupBy, firstDay, lastDay, ofUser } = query;
    this.rollUp = ofUser === undefined ? rollUpFor(groupBy, firstDay, lastDay) : LOCAL_DAILY;
    this.columns = groupBy.map((key) => columnOf(key, this.rollUp));
    this.values = [firstDay, lastDay];
  }

  of(conditions: readonly string[], limit: string): Statement {
    const { table, within } = this.rollUp;
    const { groupBy, ofUser } = this.query;
    const whose = ofUser === undefined ? [] : [`user_id = ${this.parameter(ofUser, 'text')}`];
    const expressions = this.columns.map(({ expression }) => expression).join(', ');
    const text = USAGE_ROWS({
      keys: this.columns.map(({ expression }, index) => `${expression} AS key_${index},`).join(' '),
      from: groupBy.includes('plan') ? `${table} ${WITH_PLAN}` : table,
      where: [within, ...whose, ...conditions].join(' AND '),
      group: expressions && `GROUP BY ${expressions}`,
      order: expressions && `ORDER BY ${expressions}`,
      limit,
    });
    return { text, values: this.values };
  }

  /** Whether a row's keys come after `after`, where nulls come last. */
  isAfter(after: KeyValues, index = 0): string {
    const column = this.columns[index];
    if (!column) return 'FALSE';
    const { expression, nullable } = column;
    const rest = this.isAfter(after, index + 1);
    if (after[index] === null) return `(${expression} IS NULL AND ${rest})`;
    const value = this.keyParameter(index, after);
    const above = nullable ? `${expression} > ${value} OR ${expression} IS NULL` : `${expression} > ${value}`;
    return `(${above} OR (${expression} = ${value} AND ${rest}))`;
  }

  keyParameter(index: number, values: KeyValues): string {
    return this.parameter(values[index] ?? null, this.columns[index]?.type ?? 'text');
  }

  private parameter(value: string | null, type: KeyColumn['type']): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}
