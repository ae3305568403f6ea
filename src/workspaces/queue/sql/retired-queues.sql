-- Workspaces that were deleted and whose queues may still be at the broker. Not at once: until its workers have ended
-- everywhere, one that connects anew would declare the queue again.
-- PARAMS   $1 how many at most.
SELECT DISTINCT workspace_id AS id FROM retired_workspaces
WHERE queue_deleted_at IS NULL AND retired_at <= now() - interval '10 seconds'
LIMIT $1::integer
