-- The messages of a workspace, the newest first, without what they asked: that may be a million characters each.
-- PARAMS   $1 workspace, $2 stages, $3 the id before which they are, or null for the newest, $4 how many at most.
SELECT id, workspace_id AS "workspaceId", caller, jsonb_build_object('responseFormat', wish -> 'responseFormat') AS wish,
       sequence_index AS "sequenceIndex", html_tag AS "htmlTag", stage, attempts, reservation_id AS "reservationId",
       CASE stage WHEN 'completed' THEN result END AS result, CASE WHEN stage IN ('completed', 'failed') THEN usage END AS usage, error,
       created_at AS "createdAt", completed_at AS "completedAt"
FROM message
WHERE workspace_id = $1::text AND stage = ANY ($2::text[]) AND ($3::text IS NULL OR id < $3::text)
ORDER BY id DESC
LIMIT $4::integer
