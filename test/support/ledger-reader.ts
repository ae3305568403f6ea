import { Client } from 'pg';

/** Sums of one user, as a table has them. */
export interface UsageSums {
  readonly rows: number;
  readonly calls: number;
  readonly tokens: number;
  readonly cost: number;
  readonly count: number;
}

/** Looks into the tables from outside, as an auditor would. */
export class LedgerReader {
  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<LedgerReader> {
    const client = new Client({ connectionString: url });
    await client.connect();
    return new LedgerReader(client);
  }

  ledger(userId: string): Promise<UsageSums> {
    return this.sums('token_usage', userId);
  }

  rollUp(userId: string): Promise<UsageSums> {
    return this.sums('usage_daily', userId);
  }

  async rows(userId: string): Promise<Record<string, unknown>[]> {
    const { rows } = await this.client.query<Record<string, unknown>>(
      'SELECT * FROM token_usage WHERE user_id = $1 ORDER BY id',
      [userId],
    );
    return rows;
  }

  close(): Promise<void> {
    return this.client.end();
  }

  private async sums(table: 'token_usage' | 'usage_daily', userId: string): Promise<UsageSums> {
    const { rows } = await this.client.query<Record<keyof UsageSums, string>>(
      `SELECT count(*) AS rows, coalesce(sum(calls), 0) AS calls, coalesce(sum(total_tokens), 0) AS tokens,
              coalesce(sum(cost_nano_usd), 0) AS cost, coalesce(sum(operation_count), 0) AS count
         FROM ${table} WHERE user_id = $1`,
      [userId],
    );
    const [row] = rows;
    if (!row) throw new Error('A sum always has a row.');
    return {
      rows: Number(row.rows),
      calls: Number(row.calls),
      tokens: Number(row.tokens),
      cost: Number(row.cost),
      count: Number(row.count),
    };
  }
}
