-- The worker of a slot takes no new message.
-- PARAMS   $1 the instance, $2 workspace, $3 number.
UPDATE worker_slot SET state = 'draining'
WHERE owner = $1::text AND workspace_id = $2::text AND number = $3::integer
