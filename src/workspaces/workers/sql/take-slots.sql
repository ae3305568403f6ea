-- Takes slots that nobody has: the first of each workspace before the second of any.
-- PARAMS   $1 the instance, $2 how many at most, $3 how many workers a workspace has where nobody said otherwise.
WITH free AS (
  SELECT s.workspace_id, s.number FROM worker_slot s LEFT JOIN worker_scale c USING (workspace_id)
  WHERE s.owner IS NULL AND s.number <= coalesce(c.wanted, $3::integer)
  ORDER BY s.number, s.workspace_id
  LIMIT $2::integer
  FOR UPDATE OF s SKIP LOCKED
)
UPDATE worker_slot s SET owner = $1::text, state = 'active', since = now()
FROM free WHERE s.workspace_id = free.workspace_id AND s.number = free.number
