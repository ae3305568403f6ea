-- Messages that are due and that the broker was not told of, the longest due first; those of the last moment are being told of.
-- PARAMS   $1 how many at most.
SELECT id, workspace_id AS "workspaceId" FROM message
WHERE stage = 'queued' AND announced_at IS NULL AND due_at <= now() - interval '500 milliseconds'
ORDER BY due_at
LIMIT $1::integer
