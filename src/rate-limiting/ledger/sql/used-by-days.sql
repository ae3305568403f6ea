-- What a subject used on days of QUOTA_TIMEZONE, by operation, out of the roll-up, less what resets took back.
-- PARAMS   $1 its id, $2 the first day, $3 the day after the last.
-- {subject} is one of four columns, {kind} what resets call it, chosen when the file is read.
SELECT
  operation, sum(calls)::bigint AS calls, sum(operation_count)::bigint AS operation_count,
  sum(total_tokens)::bigint AS total_tokens, sum(cost_nano_usd)::bigint AS cost_nano_usd
FROM (
  SELECT operation, calls, operation_count, total_tokens, cost_nano_usd
  FROM usage_daily
  WHERE {subject} = $1
    AND day >= $2::date AND day < $3::date
  UNION ALL
  SELECT operation, calls, operation_count, total_tokens, cost_nano_usd
  FROM quota_adjustment_day
  WHERE subject_kind = '{kind}' AND subject_id = $1
    AND day >= $2::date AND day < $3::date
) used
GROUP BY operation
