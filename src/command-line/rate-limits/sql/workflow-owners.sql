-- Whose a workflow is: its workspaces, and the users and API keys that used it outside of one.
-- PARAMS   $1 the workflow's id, $2 the first day to look at, $3 how many at most
SELECT DISTINCT
  workspace_id,
  CASE WHEN workspace_id IS NULL THEN user_id END AS user_id,
  CASE WHEN workspace_id IS NULL AND user_id IS NULL THEN api_key_id END AS api_key_id
FROM usage_daily
WHERE workflow_id = $1 AND day >= $2::date
ORDER BY 1, 2, 3
LIMIT $3
