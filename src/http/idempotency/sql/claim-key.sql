-- Take a key that nobody holds, or that is past its expiry.
-- PARAMS   $1 user, $2 key, $3 route, $4 hash of the request, $5 usage id of the run, $6 lives until, $7 expires at, $8 now.
-- RETURNS  a row where it was taken, none where somebody has it.
INSERT INTO idempotency_key AS k (user_id, key, route, request_hash, usage_id, state, lives_until, expires_at)
VALUES ($1, $2, $3, $4, $5, 'running', $6, $7)
ON CONFLICT (user_id, key) DO UPDATE
  SET route = excluded.route, request_hash = excluded.request_hash, usage_id = excluded.usage_id, state = 'running',
      lives_until = excluded.lives_until, expires_at = excluded.expires_at, status = NULL, headers = NULL, body = NULL
  WHERE k.expires_at <= $8
RETURNING usage_id
