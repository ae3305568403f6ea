-- The tokens that a subject used on each day of QUOTA_TIMEZONE, out of the roll-up, less what resets took back.
-- PARAMS   $1 its id, $2 the first day, $3 the day after the last; $4 and $5 where {of} asks for them.
-- {of} finds the subject's rows, {kind} is what resets call it, both chosen when the file is read.
SELECT day::text AS day, sum(total_tokens)::bigint AS amount
FROM (
  SELECT day, total_tokens
  FROM usage_daily
  WHERE {of}
    AND day >= $2::date AND day < $3::date
  UNION ALL
  SELECT day, total_tokens
  FROM quota_adjustment_day
  WHERE subject_kind = '{kind}' AND subject_id = $1
    AND day >= $2::date AND day < $3::date
) used
GROUP BY day
ORDER BY day
