-- The workspaces that have messages which a worker could take now.
-- PARAMS   $1 of these.
SELECT w.id FROM unnest($1::text[]) AS w (id)
WHERE EXISTS (
  SELECT FROM message
  WHERE workspace_id = w.id AND stage IN ('queued', 'processing', 'settling') AND due_at <= now()
)
