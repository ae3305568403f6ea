-- An instance that ends in good order lets go of its slots.
-- PARAMS   $1 the instance.
WITH gone AS (DELETE FROM worker_instance WHERE id = $1::text)
UPDATE worker_slot SET owner = NULL, state = NULL, since = NULL WHERE owner = $1::text
