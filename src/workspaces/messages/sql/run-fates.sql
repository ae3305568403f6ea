-- What became of the runs with these reservation ids; of one that was paid the ledger tells. A message's own id stands for a
-- request that must not be made a second time, however far the message is, unless it was withdrawn. A run that has not said for the life of a lease that
-- it works is dead, whether or not another takes its message; not right after a start of the database, as where one is taken on.
-- PARAMS   $1 ids, $2 the lease in milliseconds.
SELECT reservation_id AS id, CASE
  WHEN stage = 'settling' THEN 'running'
  WHEN stage = 'processing' AND (
    due_at > now() OR now() <= pg_postmaster_start_time() + $2::double precision * interval '1 millisecond'
  ) THEN 'running'
  ELSE 'free'
END AS fate
FROM message WHERE reservation_id = ANY ($1::text[]) AND stage <> 'completed'
UNION ALL
SELECT past.id, 'free' FROM message CROSS JOIN LATERAL unnest(past_reservations) AS past (id)
WHERE past_reservations <> '{}' AND past_reservations && $1::text[] AND past.id = ANY ($1::text[])
UNION ALL
SELECT id, 'running' FROM message WHERE id = ANY ($1::text[]) AND NOT (stage = 'failed' AND reservation_id IS NULL)
