-- A reset: take back all that was used since the first day of a window and is not taken back yet, day by day.
-- PARAMS   $1 the adjustment, $2 the first day, $3 users with a first day of their own, $4 those days,
--          $5 the least of all first days, $6 users whose tokens are limited in a rolling window, $7 its first day;
--          $8 and what follows name the subject, where {ofUsed} and {ofTaken} ask for one.
-- RETURNS  what was taken back, and of how many subjects.
-- {subject} names whom a row of the roll-up counts for, {kind} what resets call it, {whole} tells the days of which all
-- is taken back: chosen when the file is read. Of a rolling window's days before those only the tokens are.
-- Callers hold a lock on the table, so that two resets never take the same back.
WITH used AS (
  SELECT
    {subject} AS subject_id, u.day, u.local_day, u.operation, {whole} AS whole, sum(u.calls) AS calls,
    sum(u.operation_count) AS operation_count, sum(u.total_tokens) AS total_tokens, sum(u.cost_nano_usd) AS cost_nano_usd
  FROM usage_daily u
  LEFT JOIN unnest($3::text[], $4::date[]) AS own (user_id, first_day) ON own.user_id = u.user_id
  WHERE {ofUsed} AND u.day >= $5::date - 2
    AND ({whole} OR (u.day >= $7::date AND u.user_id = ANY ($6::text[])))
  GROUP BY 1, 2, 3, 4, 5
), taken AS (
  SELECT
    subject_id, day, local_day, operation, sum(calls) AS calls, sum(operation_count) AS operation_count,
    sum(total_tokens) AS total_tokens, sum(cost_nano_usd) AS cost_nano_usd
  FROM quota_adjustment_day
  WHERE subject_kind = '{kind}' AND {ofTaken} AND day >= $5::date - 2
  GROUP BY 1, 2, 3, 4
), due AS (
  SELECT
    subject_id, day, local_day, operation,
    CASE WHEN whole THEN used.calls + coalesce(taken.calls, 0) ELSE 0 END AS calls,
    CASE WHEN whole THEN used.operation_count + coalesce(taken.operation_count, 0) ELSE 0 END AS operation_count,
    used.total_tokens + coalesce(taken.total_tokens, 0) AS total_tokens,
    CASE WHEN whole THEN used.cost_nano_usd + coalesce(taken.cost_nano_usd, 0) ELSE 0 END AS cost_nano_usd
  FROM used
  LEFT JOIN taken USING (subject_id, day, local_day, operation)
), made AS (
  INSERT INTO quota_adjustment_day (
    adjustment_id, subject_kind, subject_id, day, local_day, operation,
    calls, operation_count, total_tokens, cost_nano_usd
  )
  SELECT
    $1::uuid, '{kind}', subject_id, day, local_day, operation, -calls, -operation_count, -total_tokens, -cost_nano_usd
  FROM due
  WHERE (calls, operation_count, total_tokens, cost_nano_usd) IS DISTINCT FROM (0, 0, 0, 0)
  RETURNING subject_id, calls, operation_count, total_tokens, cost_nano_usd
)
SELECT
  count(DISTINCT subject_id)::integer AS subjects, coalesce(-sum(calls), 0)::bigint AS calls,
  coalesce(-sum(total_tokens), 0)::bigint AS total_tokens, coalesce(-sum(cost_nano_usd), 0)::bigint AS cost_nano_usd
FROM made
