import { finished } from 'node:stream/promises';

import { Pool } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { migrate } from '../../src/database/index.js';
import { PgSqlPool } from '../../src/database/pg-sql.pool.js';
import { FrozenClock } from '../../src/rate-limiting/domain/clock.js';
import { type UsageEntry } from '../../src/rate-limiting/domain/usage.js';
import { LedgerWriter } from '../../src/rate-limiting/ledger/ledger-writer.js';
import { PartitionStore } from '../../src/rate-limiting/ledger/partition.store.js';
import { UsageRowStore } from '../../src/rate-limiting/ledger/usage-row.store.js';
import { startPostgres } from '../../test/support/postgres.js';
import { type Figure } from '../figures.js';
import { inFlight, type Seen } from '../load.js';
import { type OpenRow, type Pace, type Row } from '../row.js';
import { sampleCallers } from '../sample-call.js';
import { sampleEntry } from '../sample-entry.js';
import { COPY_ROW, copyLineOf, INSERT_ROW, insertValuesOf } from '../plain-ledger.js';

const USERS = 1_000;
/** As many as an application's pool has by default. */
const CONNECTIONS = 10;
const COPY_ROWS = 50_000;

interface Contenders {
  readonly writer: LedgerWriter;
  readonly plain: Pool;
  readonly next: () => UsageEntry;
}

/** From a finished call to its committed rows; the disk is waited for. */
export const ledgerRow: Row = {
  letter: 'c',
  title: 'settle to committed ledger rows',
  async open(pace: Pace): Promise<OpenRow> {
    const postgres = await startPostgres({ fsync: true });
    await migrate(postgres.url);
    const pool = new PgSqlPool({ url: postgres.url, maxConnections: 4, onIdleError: () => undefined });
    await new PartitionStore(pool, new FrozenClock(Date.now())).ensurePartitions(Date.now(), 1);
    const plain = new Pool({ connectionString: postgres.url, max: CONNECTIONS });
    // The server may be gone before the pool has heard of its own end.
    plain.on('error', () => undefined);
    const callers = sampleCallers(USERS);
    let made = 0;
    const next = () => sampleEntry(callers[made++ % USERS]);
    const contenders = { writer: new LedgerWriter(new UsageRowStore(pool)), plain, next };
    await inFlight(64, 2 * pace.ms, () => contenders.writer.record(next()));
    return {
      round: () => measure(contenders, pace),
      async close() {
        await pool.close();
        await plain.end();
        await postgres.stop();
      },
    };
  },
};

async function measure({ writer, plain, next }: Contenders, { ms, quick }: Pace): Promise<Figure[]> {
  const copied = await copy(plain, next, quick ? 1_000 : COPY_ROWS);
  const figures: Figure[] = [{ name: 'COPY, rows a second', value: copied }];
  for (const loops of [1, 64, 1_000]) {
    const single = await inFlight(loops, ms, () =>
      plain.query({ ...INSERT_ROW, values: insertValuesOf(next()) }),
    );
    const ours = await inFlight(loops, ms, () => writer.record(next()));
    figures.push(...ratios(loops, { single, ours, copied }));
  }
  return figures;
}

function ratios(
  loops: number,
  { single, ours, copied }: { single: Seen; ours: Seen; copied: number },
): Figure[] {
  const at = `${loops.toLocaleString('en')} in flight`;
  const many = loops === 1_000;
  return [
    { name: `settle, rows a second, ${at}`, value: ours.perSecond },
    { name: `settle, p50 in ms, ${at}`, value: ours.p50Ms },
    {
      name: `settle ÷ one INSERT a call, rows a second, ${at}`,
      value: ours.perSecond / single.perSecond,
      ...(many && { target: { atLeast: 6 } }),
    },
    {
      name: `settle ÷ one INSERT a call, p50, ${at}`,
      value: ours.p50Ms / single.p50Ms,
      ...(loops === 1 && { target: { atMost: 1.1 } }),
    },
    {
      name: `settle ÷ COPY, rows a second, ${at}`,
      value: ours.perSecond / copied,
      ...(many && { target: { atLeast: 0.3 } }),
    },
  ];
}

async function copy(plain: Pool, next: () => UsageEntry, rows: number): Promise<number> {
  const lines = Array.from({ length: rows }, () => copyLineOf(next()));
  const client = await plain.connect();
  try {
    const start = performance.now();
    const stream = client.query(copyFrom(COPY_ROW));
    for (let at = 0; at < lines.length; at += 1_000) stream.write(lines.slice(at, at + 1_000).join(''));
    stream.end();
    await finished(stream);
    return (rows * 1000) / (performance.now() - start);
  } finally {
    client.release();
  }
}
