-- A user's newest rows of some operations, as find-usage.sql has them.
-- PARAMS   $1 the user, $2 operations, $3 statuses, $4 the id that they come before, $5 the instant in that id, in
--          milliseconds, $6 how many at most.
SELECT
  id, user_id, api_key_id, workspace_id, workflow_id, session_id, operation, provider, model,
  input_tokens, output_tokens, total_tokens, calls, operation_count, cost_nano_usd, status, estimated,
  soft_exceeded, resource_id, metadata, estimated_tokens, latency_ms, day, local_day
FROM token_usage
WHERE user_id = $1 AND operation = ANY($2::text[]) AND status = ANY($3::text[])
  AND created_at <= timestamptz 'epoch' + $5::bigint * interval '1 millisecond'
  AND (created_at, id) < (timestamptz 'epoch' + $5::bigint * interval '1 millisecond', $4::uuid)
ORDER BY created_at DESC, id DESC
LIMIT $6::integer
