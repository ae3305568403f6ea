-- Workers of these workspaces have ended. Of those that were deleted one that had not heard of it, and connected anew, may have
-- declared the queue again.
-- PARAMS   $1 workspaces.
UPDATE retired_workspaces SET queue_deleted_at = NULL
WHERE workspace_id = ANY ($1::text[]) AND queue_deleted_at IS NOT NULL
