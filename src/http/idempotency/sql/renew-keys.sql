-- Tell that runs are still alive.
-- PARAMS   $1 users, $2 keys, $3 usage ids, $4 live until. In key order, so that instances never deadlock.
WITH mine AS (
  SELECT k.user_id, k.key
  FROM unnest($1::text[], $2::text[], $3::uuid[]) AS u (user_id, key, usage_id)
  JOIN idempotency_key k ON k.user_id = u.user_id AND k.key = u.key AND k.usage_id = u.usage_id
  ORDER BY k.user_id, k.key
  FOR UPDATE OF k
)
UPDATE idempotency_key k SET lives_until = $4
FROM mine
WHERE k.user_id = mine.user_id AND k.key = mine.key
