-- Until the transaction ends no other instance changes its share of the slots.
-- PARAMS   $1 the lock.
SELECT pg_advisory_xact_lock($1::bigint)
