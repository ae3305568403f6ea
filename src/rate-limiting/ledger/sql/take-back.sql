-- A reset: take back all that was used since the first day of a period and is not taken back yet, day by day.
-- PARAMS   $1 the adjustment, $2 the first day, $3 users with a first day of their own, $4 those days,
--          $5 the least of all first days; $6 the subject, where {ofUsed} and {ofTaken} ask for one.
-- RETURNS  what was taken back, and of how many subjects.
-- {subject} is a column of the roll-up, {kind} what resets call it, chosen when the file is read.
-- Callers hold a lock on the table, so that two resets never take the same back.
WITH used AS (
  SELECT
    u.{subject} AS subject_id, u.day, u.local_day, u.operation, sum(u.calls) AS calls,
    sum(u.operation_count) AS operation_count, sum(u.total_tokens) AS total_tokens, sum(u.cost_nano_usd) AS cost_nano_usd
  FROM usage_daily u
  LEFT JOIN unnest($3::text[], $4::date[]) AS own (user_id, first_day) ON own.user_id = u.user_id
  WHERE {ofUsed} AND u.local_day >= coalesce(own.first_day, $2::date) AND u.day >= $5::date - 2
  GROUP BY 1, 2, 3, 4
), taken AS (
  SELECT
    subject_id, day, local_day, operation, sum(calls) AS calls, sum(operation_count) AS operation_count,
    sum(total_tokens) AS total_tokens, sum(cost_nano_usd) AS cost_nano_usd
  FROM quota_adjustment_day
  WHERE subject_kind = '{kind}' AND {ofTaken} AND day >= $5::date - 2
  GROUP BY 1, 2, 3, 4
), made AS (
  INSERT INTO quota_adjustment_day (
    adjustment_id, subject_kind, subject_id, day, local_day, operation,
    calls, operation_count, total_tokens, cost_nano_usd
  )
  SELECT
    $1::uuid, '{kind}', subject_id, day, local_day, operation,
    -(used.calls + coalesce(taken.calls, 0)), -(used.operation_count + coalesce(taken.operation_count, 0)),
    -(used.total_tokens + coalesce(taken.total_tokens, 0)), -(used.cost_nano_usd + coalesce(taken.cost_nano_usd, 0))
  FROM used
  LEFT JOIN taken USING (subject_id, day, local_day, operation)
  WHERE (used.calls, used.operation_count, used.total_tokens, used.cost_nano_usd) IS DISTINCT FROM
    (-coalesce(taken.calls, 0), -coalesce(taken.operation_count, 0), -coalesce(taken.total_tokens, 0), -coalesce(taken.cost_nano_usd, 0))
  RETURNING subject_id, calls, operation_count, total_tokens, cost_nano_usd
)
SELECT
  count(DISTINCT subject_id)::integer AS subjects, coalesce(-sum(calls), 0)::bigint AS calls,
  coalesce(-sum(total_tokens), 0)::bigint AS total_tokens, coalesce(-sum(cost_nano_usd), 0)::bigint AS cost_nano_usd
FROM made
