-- An instance that runs workers says that it lives, and those that have not said so in time are forgotten. For the life of a
-- lease after its own start the database takes nobody for dead: while it was away nobody could say so.
-- PARAMS   $1 the instance, $2 the lease in milliseconds.
WITH gone AS (
  DELETE FROM worker_instance
  WHERE lease_until <= now() AND id <> $1::text
    AND now() > pg_postmaster_start_time() + $2::double precision * interval '1 millisecond'
)
INSERT INTO worker_instance (id, lease_until)
VALUES ($1::text, now() + $2::double precision * interval '1 millisecond')
ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until
