-- Messages that ended so long ago, the oldest first. Several instances may do so at once: none waits for another.
-- PARAMS   $1 days, $2 how many at most.
-- RETURNS  a row for each.
DELETE FROM message WHERE id IN (
  SELECT id FROM message
  WHERE completed_at < now() - $1::integer * interval '1 day' AND stage IN ('completed', 'failed')
  ORDER BY completed_at
  LIMIT $2::integer
  FOR UPDATE SKIP LOCKED
)
RETURNING id
