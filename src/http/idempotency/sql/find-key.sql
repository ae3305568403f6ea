-- Who has a key, and what was answered.
-- PARAMS   $1 user, $2 key, $3 now.
SELECT route, request_hash, usage_id, state, lives_until <= $3 AS abandoned, status, headers, body
FROM idempotency_key
WHERE user_id = $1 AND key = $2
