-- Write a batch of finished calls and their roll-ups: all of it or nothing.
-- PARAMS   one array a column, in the order of `input`; a row's instant ($2, milliseconds) is the one in its id, so
--          that a retry meets the same key.
-- RETURNS  the ids of the rows that were not there before; only those were rolled up.
-- ORDER BY everywhere: all instances take locks in one order, and so never deadlock.
WITH input AS (
  SELECT *
  FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::integer[], $15::integer[], $16::bigint[],
    $17::text[], $18::boolean[], $19::boolean[], $20::text[], $21::jsonb[], $22::bigint[], $23::integer[],
    $24::date[], $25::date[], $26::bigint[]
  ) AS u (
    id, at_ms, user_id, api_key_id, workspace_id, workflow_id, session_id, operation, provider,
    model, input_tokens, output_tokens, total_tokens, calls, operation_count, cost_nano_usd,
    status, estimated, soft_exceeded, resource_id, metadata, estimated_tokens, latency_ms,
    day, local_day, write_token
  )
), fresh AS (
  INSERT INTO token_usage (
    id, created_at, user_id, api_key_id, workspace_id, workflow_id, session_id, operation, provider,
    model, input_tokens, output_tokens, total_tokens, calls, operation_count, cost_nano_usd,
    status, estimated, soft_exceeded, resource_id, metadata, estimated_tokens, latency_ms,
    day, local_day, write_token, month, year
  )
  SELECT
    id, timestamptz 'epoch' + at_ms * interval '1 millisecond',
    user_id, api_key_id, workspace_id, workflow_id, session_id, operation, provider,
    model, input_tokens, output_tokens, total_tokens, calls, operation_count, cost_nano_usd,
    status, estimated, soft_exceeded, resource_id, metadata, estimated_tokens, latency_ms,
    day, local_day, write_token, date_part('month', local_day), date_part('year', local_day)
  FROM input
  ORDER BY id
  ON CONFLICT DO NOTHING
  RETURNING
    id, created_at, user_id, day, local_day, api_key_id, workspace_id, workflow_id, operation, provider, model,
    calls, operation_count, input_tokens, output_tokens, total_tokens, cost_nano_usd
), by_day AS (
  INSERT INTO usage_daily (
    user_id, day, local_day, api_key_id, workspace_id, workflow_id, operation, provider, model,
    calls, operation_count, input_tokens, output_tokens, total_tokens, cost_nano_usd
  )
  SELECT
    user_id, day, local_day, api_key_id, workspace_id, workflow_id, operation, provider, model,
    sum(calls), sum(operation_count), sum(input_tokens), sum(output_tokens), sum(total_tokens), sum(cost_nano_usd)
  FROM fresh
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
  ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
  ON CONFLICT (user_id, day, local_day, api_key_id, workspace_id, workflow_id, operation, provider, model)
  DO UPDATE SET
    calls = usage_daily.calls + excluded.calls,
    operation_count = usage_daily.operation_count + excluded.operation_count,
    input_tokens = usage_daily.input_tokens + excluded.input_tokens,
    output_tokens = usage_daily.output_tokens + excluded.output_tokens,
    total_tokens = usage_daily.total_tokens + excluded.total_tokens,
    cost_nano_usd = usage_daily.cost_nano_usd + excluded.cost_nano_usd
), by_month AS (
  INSERT INTO usage_monthly (
    month, user_id, operation,
    calls, operation_count, input_tokens, output_tokens, total_tokens, cost_nano_usd
  )
  SELECT
    date_trunc('month', day)::date, user_id, operation,
    sum(calls), sum(operation_count), sum(input_tokens), sum(output_tokens), sum(total_tokens), sum(cost_nano_usd)
  FROM fresh
  GROUP BY 1, 2, 3
  ORDER BY 1, 2, 3
  ON CONFLICT (month, user_id, operation)
  DO UPDATE SET
    calls = usage_monthly.calls + excluded.calls,
    operation_count = usage_monthly.operation_count + excluded.operation_count,
    input_tokens = usage_monthly.input_tokens + excluded.input_tokens,
    output_tokens = usage_monthly.output_tokens + excluded.output_tokens,
    total_tokens = usage_monthly.total_tokens + excluded.total_tokens,
    cost_nano_usd = usage_monthly.cost_nano_usd + excluded.cost_nano_usd
), by_minute AS (
  -- A part of the connection's own: the whole site would else commit one batch at a time.
  INSERT INTO usage_by_minute (minute, part, cost_nano_usd)
  SELECT date_trunc('minute', created_at, 'UTC'), pg_backend_pid() % 64, sum(cost_nano_usd)
  FROM fresh
  GROUP BY 1
  HAVING sum(cost_nano_usd) <> 0
  ORDER BY 1
  ON CONFLICT (minute, part)
  DO UPDATE SET cost_nano_usd = usage_by_minute.cost_nano_usd + excluded.cost_nano_usd
)
SELECT id FROM fresh
