-- Calls of the ledger that were not simply settled, since an instant, by status. The partial index has only these.
-- PARAMS   $1 the instant
SELECT status, sum(calls)::bigint AS calls, sum(cost_nano_usd)::bigint AS cost_nano_usd
FROM token_usage
WHERE status <> 'settled' AND created_at >= $1
GROUP BY status
ORDER BY status
