-- Until the transaction ends nobody registers this id again: they would lose the queue that they have then. In the order in which
-- who registers it locks these rows too.
-- PARAMS   $1 workspace.
-- RETURNS  a row for each of its owners; none where its queue is gone, or it is registered again.
SELECT owner_id FROM retired_workspaces
WHERE workspace_id = $1::text AND queue_deleted_at IS NULL
ORDER BY owner_id
FOR UPDATE
