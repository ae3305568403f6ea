-- Whether there is, or was, such a workspace. Its usage alone makes one known: where memberships are kept elsewhere, it is
-- all that there is of it here.
-- PARAMS   $1 its id.
SELECT
  EXISTS (SELECT FROM usage_daily WHERE workspace_id = $1)
  OR EXISTS (SELECT FROM rate_limit WHERE subject_kind = 'workspace' AND subject_id = $1)
  OR EXISTS (SELECT FROM workspaces WHERE id = $1)
  OR EXISTS (SELECT FROM retired_workspaces WHERE workspace_id = $1) AS known
