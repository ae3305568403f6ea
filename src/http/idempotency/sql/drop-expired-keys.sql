-- Drop some of the keys that are past their expiry; what another instance is dropping is left to it.
-- PARAMS   $1 now, $2 how many at most.  RETURNS  a row for each that was dropped.
DELETE FROM idempotency_key
WHERE (user_id, key) IN (
  SELECT user_id, key FROM idempotency_key
  WHERE expires_at <= $1
  ORDER BY expires_at
  LIMIT $2
  FOR UPDATE SKIP LOCKED
)
RETURNING 1 AS dropped
