-- Take the key of a run whose process died. Of many who try, one gets it.
-- PARAMS   $1 user, $2 key, $3 usage id of the dead run, $4 usage id of the new run, $5 lives until, $6 now.
-- RETURNS  a row where it was taken.
UPDATE idempotency_key SET usage_id = $4, lives_until = $5
WHERE user_id = $1 AND key = $2 AND usage_id = $3 AND state = 'running' AND lives_until <= $6
RETURNING usage_id
