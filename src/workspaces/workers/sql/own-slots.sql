-- The slots that an instance has, and whether each is still wanted.
-- PARAMS   $1 the instance, $2 how many workers a workspace has where nobody said otherwise.
SELECT s.workspace_id AS "workspaceId", s.number, s.number <= coalesce(c.wanted, $2::integer) AS wanted
FROM worker_slot s LEFT JOIN worker_scale c USING (workspace_id)
WHERE s.owner = $1::text
ORDER BY s.number, s.workspace_id
