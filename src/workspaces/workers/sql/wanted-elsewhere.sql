-- How many workers are wanted in the other workspaces of who has owned this one the longest. A workspace counts for one owner
-- alone: making somebody an owner takes no workers from them.
-- PARAMS   $1 workspace, $2 how many workers a workspace has where nobody said otherwise.
WITH keeper AS (
  SELECT user_id FROM workspace_members
  WHERE workspace_id = $1::text AND role = 'owner'
  ORDER BY created_at, user_id
  LIMIT 1
)
SELECT coalesce(sum(coalesce(c.wanted, $2::integer)), 0)::integer AS wanted
FROM keeper
JOIN workspace_members m ON m.user_id = keeper.user_id AND m.role = 'owner' AND m.workspace_id <> $1::text
LEFT JOIN worker_scale c ON c.workspace_id = m.workspace_id
WHERE NOT EXISTS (
  SELECT FROM workspace_members former
  WHERE former.workspace_id = m.workspace_id AND former.role = 'owner'
    AND (former.created_at, former.user_id) < (m.created_at, m.user_id)
)
