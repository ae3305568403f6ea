-- A queue that could not be deleted is tried again when the others have had their turn.
-- PARAMS   $1 workspace.
UPDATE retired_workspaces SET retired_at = now() WHERE workspace_id = $1::text AND queue_deleted_at IS NULL
