-- What all subjects together used in a stretch of time shorter than a day, by operation, out of the ledger.
-- PARAMS   $1 and $2 the least ids of the first instant and of the first past it, $3 and $4 these instants in
--          milliseconds. Ids are in order of time, so their index finds the rows; the instants name the partitions.
SELECT
  operation, sum(calls)::bigint AS calls, sum(operation_count)::bigint AS operation_count,
  sum(total_tokens)::bigint AS total_tokens, sum(cost_nano_usd)::bigint AS cost_nano_usd
FROM token_usage
WHERE id >= $1 AND id < $2
  AND created_at >= timestamptz 'epoch' + $3::bigint * interval '1 millisecond'
  AND created_at < timestamptz 'epoch' + $4::bigint * interval '1 millisecond'
GROUP BY operation
