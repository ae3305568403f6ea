-- A slot for each worker that is wanted; those that are not any more, and that nobody has, are gone.
-- PARAMS   $1 how many workers a workspace has where nobody said otherwise.
WITH gone AS (
  DELETE FROM worker_slot s USING workspaces w LEFT JOIN worker_scale c ON c.workspace_id = w.id
  WHERE s.workspace_id = w.id AND s.owner IS NULL AND s.number > coalesce(c.wanted, $1::integer)
)
INSERT INTO worker_slot (workspace_id, number)
SELECT w.id, number
FROM workspaces w
LEFT JOIN worker_scale c ON c.workspace_id = w.id
CROSS JOIN LATERAL generate_series(1, coalesce(c.wanted, $1::integer)) AS number
WHERE NOT EXISTS (SELECT FROM worker_slot s WHERE s.workspace_id = w.id AND s.number = number.number)
ON CONFLICT DO NOTHING
