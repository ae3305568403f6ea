-- One row of the ledger.
-- PARAMS   $1 its id, $2 the instant in that id, in milliseconds: it names the partition.
SELECT
  id, user_id, api_key_id, workspace_id, workflow_id, session_id, operation, provider, model,
  input_tokens, output_tokens, total_tokens, calls, operation_count, cost_nano_usd, status, estimated,
  soft_exceeded, resource_id, metadata, estimated_tokens, latency_ms, day, local_day
FROM token_usage
WHERE id = $1 AND created_at = timestamptz 'epoch' + $2::bigint * interval '1 millisecond'
