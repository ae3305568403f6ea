-- Totals of a user, a key, or a user's share of a key, on days of the user's own zone: one row an operation and one a
-- provider. The other of the two is null.
-- PARAMS   $1 the first day, $2 the day after the last, $3 and, where {whose} asks for two, $4 an id.
-- {whose} is one of three conditions, chosen when the file is read.
SELECT
  operation, provider, sum(calls)::bigint AS calls, sum(input_tokens)::bigint AS input_tokens,
  sum(output_tokens)::bigint AS output_tokens, sum(total_tokens)::bigint AS total_tokens,
  sum(cost_nano_usd)::bigint AS cost_nano_usd
FROM usage_daily
WHERE {whose}
  AND local_day >= $1::date AND local_day < $2::date
  AND day >= $1::date - 2 AND day < $2::date + 2
GROUP BY GROUPING SETS ((operation), (provider))
ORDER BY operation NULLS LAST, provider
