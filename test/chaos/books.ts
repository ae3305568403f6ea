import { Client } from 'pg';

/** A row of the ledger, as far as the checks ask. */
export interface LedgerRow {
  readonly id: string;
  readonly user_id: string;
  readonly workflow_id: string | null;
  readonly status: string;
  readonly operation: string;
}

/** Amounts of one subject and unit, by `user:<id> tokens`. */
export type Amounts = ReadonlyMap<string, number>;

const ROWS = 'SELECT id::text, user_id, workflow_id, status, operation FROM token_usage ORDER BY id';

const SUMS = `sum(calls)::float8 AS calls, sum(operation_count)::float8 AS count,
  sum(total_tokens)::float8 AS tokens, sum(cost_nano_usd)::float8 AS cost`;

const OF_SUBJECTS = `
  SELECT subject, operation, ${SUMS} FROM (
    SELECT 'user:' || user_id AS subject, operation, calls, operation_count, total_tokens, cost_nano_usd
      FROM token_usage WHERE local_day >= $1::date
    UNION ALL
    SELECT 'apiKey:' || api_key_id, operation, calls, operation_count, total_tokens, cost_nano_usd
      FROM token_usage WHERE local_day >= $1::date
    UNION ALL
    SELECT subject_kind || ':' || subject_id, operation, calls, operation_count, total_tokens, cost_nano_usd
      FROM quota_adjustment_day WHERE local_day >= $1::date
  ) entries GROUP BY 1, 2`;

const TAKEN_BACK = `
  SELECT adjustment_id || ' of ' || subject_kind || ':' || subject_id AS subject, operation, ${SUMS}
  FROM (
    SELECT adjustment_id, subject_kind, subject_id, operation, -calls AS calls, -operation_count AS operation_count,
      -total_tokens AS total_tokens, -cost_nano_usd AS cost_nano_usd
    FROM quota_adjustment_day
  ) taken GROUP BY 1, 2`;

/** What the rows and a roll-up make of every user's operations; the days are summed up in both. */
const TOTALS = (table: string) =>
  `SELECT user_id AS subject, operation, ${SUMS} FROM ${table} GROUP BY 1, 2 ORDER BY 1, 2`;

interface Sum {
  readonly subject: string;
  readonly operation: string;
  readonly calls: number;
  readonly count: number;
  readonly tokens: number;
  readonly cost: number;
}

/** The tables of a deployment, read from outside as an auditor would. */
export class Books {
  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<Books> {
    const client = new Client({ connectionString: url });
    await client.connect();
    return new Books(client);
  }

  async rows(): Promise<LedgerRow[]> {
    return (await this.client.query<LedgerRow>(ROWS)).rows;
  }

  /** What users and API keys used since a day, less what resets took back. */
  async used(sinceDay: string): Promise<Amounts> {
    return amountsOf((await this.client.query<Sum>(OF_SUBJECTS, [sinceDay])).rows);
  }

  /** What each reset took back. */
  async takenBack(): Promise<Amounts> {
    return amountsOf((await this.client.query<Sum>(TAKEN_BACK)).rows);
  }

  /** The ledger's totals by user and operation, and those of its roll-ups: they must be the same. */
  async totals(): Promise<Record<'ledger' | 'daily' | 'monthly', Sum[]>> {
    const of = async (table: string) => (await this.client.query<Sum>(TOTALS(table))).rows;
    return {
      ledger: await of('token_usage'),
      daily: await of('usage_daily'),
      monthly: await of('usage_monthly'),
    };
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

function amountsOf(sums: readonly Sum[]): Map<string, number> {
  const amounts = new Map<string, number>();
  const add = (name: string, amount: number) => amounts.set(name, (amounts.get(name) ?? 0) + amount);
  for (const { subject, operation, tokens, calls, cost, count } of sums) {
    add(`${subject} tokens`, tokens);
    add(`${subject} calls`, calls);
    add(`${subject} cost`, cost);
    add(`${subject} ${operation}`, count);
  }
  return amounts;
}
