-- Put the minutes of old hours together, so that years of a breaker that never opens are quickly added up.
-- PARAMS   $1 the first instant whose minutes are kept apart, in milliseconds. An hour in which the breaker began to count
--          stays as it is: what was spent before that is not counted.
WITH old AS (
  DELETE FROM usage_by_minute
  WHERE minute < timestamptz 'epoch' + $1::bigint * interval '1 millisecond'
    AND (minute <> date_trunc('hour', minute, 'UTC') OR part <> 0)
    AND date_trunc('hour', minute, 'UTC') >= (SELECT greatest(since, closes_at) FROM circuit_breaker)
  RETURNING minute, cost_nano_usd
)
INSERT INTO usage_by_minute (minute, part, cost_nano_usd)
SELECT date_trunc('hour', minute, 'UTC'), 0, sum(cost_nano_usd)
FROM old
GROUP BY 1
ORDER BY 1
ON CONFLICT (minute, part) DO UPDATE SET cost_nano_usd = usage_by_minute.cost_nano_usd + excluded.cost_nano_usd
