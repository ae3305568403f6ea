-- Months whose rows lie in the default partition, since they came before their own was made.
-- PARAMS   $1 the last month to tell of; ids that name no sane time stay where they are.
SELECT DISTINCT date_trunc('month', created_at AT TIME ZONE 'UTC')::date AS month
FROM token_usage_default
WHERE created_at >= '2020-01-01T00:00:00Z' AND created_at < ($1::date + interval '1 month') AT TIME ZONE 'UTC'
ORDER BY 1
