-- What a subject used on the days of its own zone, by operation, out of the roll-up, less what resets took back.
-- PARAMS   $1 its id, $2 the first day, $3 the day after the last.
-- {subject} is one of two columns, {kind} what resets call it, chosen when the file is read.
-- The index has `day` before `local_day`; the two are never more than two days apart (UTC-12 to UTC+14).
SELECT
  operation, sum(calls)::bigint AS calls, sum(operation_count)::bigint AS operation_count,
  sum(total_tokens)::bigint AS total_tokens, sum(cost_nano_usd)::bigint AS cost_nano_usd
FROM (
  SELECT operation, calls, operation_count, total_tokens, cost_nano_usd
  FROM usage_daily
  WHERE {subject} = $1
    AND local_day >= $2::date AND local_day < $3::date
    AND day >= $2::date - 2 AND day < $3::date + 2
  UNION ALL
  SELECT operation, calls, operation_count, total_tokens, cost_nano_usd
  FROM quota_adjustment_day
  WHERE subject_kind = '{kind}' AND subject_id = $1
    AND local_day >= $2::date AND local_day < $3::date
    AND day >= $2::date - 2 AND day < $3::date + 2
) used
GROUP BY operation
