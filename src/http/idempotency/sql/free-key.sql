-- Let a key go, so that the next call under it really runs.
-- PARAMS   $1 user, $2 key, $3 usage id of the run.
DELETE FROM idempotency_key WHERE user_id = $1 AND key = $2 AND usage_id = $3
