-- Keep how a run ended, and its answer.
-- PARAMS   $1 user, $2 key, $3 usage id of the run, $4 state, $5 status, $6 headers, $7 body.
UPDATE idempotency_key SET state = $4, status = $5, headers = $6, body = $7
WHERE user_id = $1 AND key = $2 AND usage_id = $3
