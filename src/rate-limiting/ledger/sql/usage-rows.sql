-- Sums of a roll-up by any of its keys, in the order of those keys; without a key, of all in one row.
-- PARAMS   $1 the first day, $2 the last; then what {where} asks for.
-- {keys}, {from}, {where}, {group}, {order} and {limit} are made of our own words only: usage-rows.statement.ts.
-- Money leaves as decimal dollars in text: over all users it may pass what a number holds exactly.
SELECT
  {keys}
  coalesce(sum(calls), 0)::bigint AS calls, coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
  coalesce(sum(output_tokens), 0)::bigint AS output_tokens, coalesce(sum(total_tokens), 0)::bigint AS total_tokens,
  trim_scale(coalesce(sum(cost_nano_usd), 0) * 0.000000001)::text AS cost_usd
FROM {from}
WHERE {where}
{group}
{order}
{limit}
