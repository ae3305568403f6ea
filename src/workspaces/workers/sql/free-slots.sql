-- The slots of instances that are gone are anybody's.
UPDATE worker_slot SET owner = NULL, state = NULL, since = NULL
WHERE owner IS NOT NULL AND owner NOT IN (SELECT id FROM worker_instance)
