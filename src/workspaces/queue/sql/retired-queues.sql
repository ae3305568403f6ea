-- Workspaces that were deleted and whose queues may still be at the broker, those that wait the longest first. Not at once: until
-- its workers have ended everywhere, one that connects anew would declare the queue again.
-- PARAMS   $1 how many at most.
SELECT workspace_id AS id FROM retired_workspaces
WHERE queue_deleted_at IS NULL AND retired_at <= now() - interval '10 seconds'
GROUP BY workspace_id
ORDER BY min(retired_at)
LIMIT $1::integer
