-- PARAMS   $1 a workspace whose queue is gone.
UPDATE retired_workspaces SET queue_deleted_at = now() WHERE workspace_id = $1::text
