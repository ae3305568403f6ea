-- How long the calls took that ended lately, by provider. Ids begin with their time, so the primary key finds them.
-- PARAMS   $1 the instant, $2 the least id of that instant
SELECT
  provider, count(*)::integer AS count, avg(latency_ms)::float8 AS average,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms) AS p50,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms) AS p95, max(latency_ms) AS max
FROM token_usage
WHERE created_at >= $1 AND id >= $2::uuid
GROUP BY provider
ORDER BY provider
