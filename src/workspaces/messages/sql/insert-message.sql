-- Writes a message down.
-- PARAMS   $1 id, $2 workspace, $3 caller, $4 wish, $5 sequence index, $6 HTML tag, $7 traceparent.
-- RETURNS  its id, or nothing where there is no such workspace any more.
INSERT INTO message (id, workspace_id, caller, wish, sequence_index, html_tag, stage, traceparent)
SELECT $1::text, w.id, $3::jsonb, $4::jsonb, $5::integer, $6::text, 'queued', $7::text
FROM workspaces w WHERE w.id = $2::text
FOR KEY SHARE
RETURNING id
