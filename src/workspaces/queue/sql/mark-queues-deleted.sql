-- PARAMS   $1 ids of workspaces whose queues are gone.
UPDATE retired_workspaces SET queue_deleted_at = now() WHERE workspace_id = ANY ($1::text[])
