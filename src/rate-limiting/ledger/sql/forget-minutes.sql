-- Forget minutes that no budget counts any more.
-- PARAMS   $1 the first instant that is kept, in milliseconds; the breaker counts on from its own.
DELETE FROM usage_by_minute
WHERE minute < timestamptz 'epoch' + $1::bigint * interval '1 millisecond'
  AND minute < (SELECT date_trunc('hour', since, 'UTC') FROM circuit_breaker)
