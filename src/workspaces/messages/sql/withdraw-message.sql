-- Makes certain that a message whose insert was not answered is never worked at, unless it is by now. Where it is not there yet,
-- a failed one takes its id: an insert that a server still executes for nobody breaks on it, whenever that ends.
-- PARAMS   $1 id, $2 workspace, $3 caller, $4 wish, $5 sequence index, $6 HTML tag, $7 why it has failed.
-- RETURNS  its id, or nothing where a worker has taken it, or there is no such workspace any more.
INSERT INTO message (id, workspace_id, caller, wish, sequence_index, html_tag, stage, error, completed_at)
SELECT $1::text, w.id, $3::jsonb, $4::jsonb, $5::integer, $6::text, 'failed', $7::jsonb, now()
FROM workspaces w WHERE w.id = $2::text
FOR KEY SHARE
ON CONFLICT (id) DO UPDATE SET stage = 'failed', error = excluded.error, completed_at = excluded.completed_at
WHERE message.stage = 'queued' AND message.reservation_id IS NULL
RETURNING id
