// Fills a database with made-up usage: rows of the ledger and of both roll-ups, as the app itself would have written them.
//
//   DATABASE_URL=postgres://… npm run data:usage -- --rows 10000000 --users 100000 --month 2026-11
//
// It migrates an empty database first. Run again, it adds to what is there. The same arguments make the same sums.
import { parseArgs } from 'node:util';

import pg from 'pg';

import database from '../dist/src/database/index.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    users: { type: 'string', default: '10000' },
    month: { type: 'string', default: '2026-11' },
  },
});
const url = process.env.DATABASE_URL;
const rows = Number(values.rows);
const users = Number(values.users);
const firstDay = `${values.month}-01`;
if (!url) stop('DATABASE_URL is not set; it takes the database to fill, which should be one to throw away.');
if (!(rows > 0) || !(users > 0)) stop('--rows and --users take numbers above 0.');
if (Number.isNaN(Date.parse(firstDay))) stop('--month takes a month such as 2026-11.');

// Everybody has a key; a tenth of the calls are made in a workspace, a twentieth in a workflow.
const USERS = `
  INSERT INTO app_user (id, email, plan_id)
  SELECT md5('user ' || n)::uuid::text, 'made-' || n || '@example.com',
    CASE WHEN n % 50 = 0 THEN 'enterprise' WHEN n % 5 = 0 THEN 'pro' ELSE 'free' END
  FROM generate_series(1, $1::int) AS n
  ON CONFLICT DO NOTHING`;

const SUMS = 'calls, operation_count, input_tokens, output_tokens, total_tokens, cost_nano_usd';
const SUMMED = SUMS.split(', ')
  .map((column) => `sum(${column})`)
  .join(', ');
const DAILY_KEY =
  'user_id, day, local_day, api_key_id, workspace_id, workflow_id, operation, provider, model';

const added = (table) =>
  `DO UPDATE SET ${SUMS.split(', ')
    .map((column) => `${column} = ${table}.${column} + excluded.${column}`)
    .join(', ')}`;

// PARAMS  $1 how many, $2 the day, $3 how many users. The busiest tenth of them makes a third of the calls.
const DAY_OF_CALLS = `
  WITH drawn AS MATERIALIZED (
    SELECT
      n, 1 + floor($3::int * power(random(), 2))::int AS owner, random() AS kind, random() AS brand, random() AS place,
      20 + floor(random() * 1500)::bigint AS input, 10 + floor(random() * 800)::bigint AS output,
      (extract(epoch FROM $2::date) * 1000)::bigint + floor(random() * 86400000)::bigint AS at_ms
    FROM generate_series(1, $1::int) AS n
  ), called AS (
    SELECT *,
      CASE WHEN kind < 0.6 THEN 'llm_call' WHEN kind < 0.8 THEN 'script_generation'
        WHEN kind < 0.92 THEN 'image_generation' WHEN kind < 0.98 THEN 'embedding' ELSE 'video_generation'
      END AS operation
    FROM drawn
  ), priced AS (
    SELECT *,
      operation IN ('llm_call', 'script_generation', 'embedding') AS text,
      CASE WHEN operation = 'video_generation' THEN 'heygen' WHEN operation = 'image_generation' THEN 'openai'
        WHEN brand < 0.5 THEN 'openai' WHEN brand < 0.8 THEN 'gemini' ELSE 'groq' END AS provider
    FROM called
  ), fresh AS (
    INSERT INTO token_usage (
      id, created_at, user_id, api_key_id, workspace_id, workflow_id, operation, provider, model,
      input_tokens, output_tokens, total_tokens, cost_nano_usd, estimated_tokens, calls, operation_count, latency_ms,
      day, local_day, month, year, estimated, soft_exceeded, status, metadata
    )
    SELECT
      (lpad(to_hex(at_ms), 12, '0') || '7' || substr(md5(n || ' ' || random()), 1, 3) || '8' ||
        substr(md5(random() || ' ' || n), 1, 15))::uuid,
      timestamptz 'epoch' + at_ms * interval '1 millisecond',
      md5('user ' || owner)::uuid::text, md5('key ' || owner)::uuid::text,
      CASE WHEN place < 0.1 THEN 'workspace-' || owner % 1000 END,
      CASE WHEN place < 0.05 THEN 'workflow-' || owner % 5000 END,
      operation, provider, provider || '-' || operation,
      CASE WHEN text THEN input ELSE 0 END,
      CASE WHEN text AND operation <> 'embedding' THEN output ELSE 0 END,
      CASE WHEN NOT text THEN 0 WHEN operation = 'embedding' THEN input ELSE input + output END,
      CASE WHEN text THEN input * 150 + output * 600 ELSE 40000000 END,
      input + output, 1, 1, 200 + input,
      $2::date, $2::date, extract(month FROM $2::date), extract(year FROM $2::date),
      false, false, 'settled', '{}'
    FROM priced
    RETURNING *
  ), by_day AS (
    INSERT INTO usage_daily (${DAILY_KEY}, ${SUMS})
    SELECT ${DAILY_KEY}, ${SUMMED} FROM fresh GROUP BY ${DAILY_KEY}
    ON CONFLICT (${DAILY_KEY}) ${added('usage_daily')}
  ), by_month AS (
    INSERT INTO usage_monthly (month, user_id, operation, ${SUMS})
    SELECT date_trunc('month', day::timestamp)::date, user_id, operation, ${SUMMED} FROM fresh GROUP BY 1, 2, 3
    ON CONFLICT (month, user_id, operation) ${added('usage_monthly')}
  )
  SELECT count(*) FROM fresh`;

await database.migrate(url);
const client = new pg.Client({ connectionString: url });
await client.connect();
// Data to throw away need not wait for the disk.
await client.query('SET synchronous_commit = off');
await client.query("SELECT setseed(0.5), set_config('work_mem', '256MB', false)");
await client.query('SELECT ensure_token_usage_partition($1::date)', [firstDay]);
await client.query(USERS, [users]);
const days = daysOf(firstDay);
for (const [index, day] of days.entries()) {
  const count = Math.floor((rows * (index + 1)) / days.length) - Math.floor((rows * index) / days.length);
  await client.query(DAY_OF_CALLS, [count, day, users]);
  console.log(`${day}: ${count} calls`);
}
for (const table of ['app_user', 'token_usage', 'usage_daily', 'usage_monthly']) {
  await client.query(`VACUUM (ANALYZE) ${table}`);
  const { rows: counted } = await client.query(`SELECT count(*) FROM ${table}`);
  console.log(`${table}: ${counted[0].count} rows`);
}
await client.end();

/** The days of the month that begins with `first`. */
function daysOf(first) {
  const [year, month] = first.split('-').map(Number);
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return Array.from(
    { length: last },
    (_, index) => `${first.slice(0, 8)}${String(index + 1).padStart(2, '0')}`,
  );
}

function stop(fault) {
  console.error(fault);
  process.exit(1);
}
