-- Lets go of a slot whose worker has ended.
-- PARAMS   $1 the instance, $2 workspace, $3 number.
UPDATE worker_slot SET owner = NULL, state = NULL, since = NULL
WHERE owner = $1::text AND workspace_id = $2::text AND number = $3::integer
