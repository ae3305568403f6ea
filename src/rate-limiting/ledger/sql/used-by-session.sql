-- What a session used in a stretch of time, by operation. The roll-up knows no sessions; the ledger has few rows of one.
-- PARAMS   $1 its id, $2 the first instant, $3 the first past it, in milliseconds.
SELECT
  operation, sum(calls)::bigint AS calls, sum(operation_count)::bigint AS operation_count,
  sum(total_tokens)::bigint AS total_tokens, sum(cost_nano_usd)::bigint AS cost_nano_usd
FROM token_usage
WHERE session_id = $1
  AND created_at >= timestamptz 'epoch' + $2::bigint * interval '1 millisecond'
  AND created_at < timestamptz 'epoch' + $3::bigint * interval '1 millisecond'
GROUP BY operation
