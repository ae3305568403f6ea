-- Says how many workers a workspace is to have.
-- PARAMS   $1 workspace, $2 how many.
INSERT INTO worker_scale (workspace_id, wanted) VALUES ($1::text, $2::integer)
ON CONFLICT (workspace_id) DO UPDATE SET wanted = excluded.wanted
