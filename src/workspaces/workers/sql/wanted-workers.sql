-- How many workers a workspace is to have, where somebody said so.
-- PARAMS   $1 workspace.
SELECT wanted FROM worker_scale WHERE workspace_id = $1::text
