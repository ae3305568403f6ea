-- Says that runs are at work.
-- PARAMS   $1 ids, $2 their reservation ids, $3 the lease in milliseconds.
-- RETURNS  the reservation ids of the runs that still have their message.
UPDATE message m SET due_at = now() + $3::double precision * interval '1 millisecond'
FROM unnest($1::text[], $2::text[]) AS run (id, reservation_id)
WHERE m.id = run.id AND m.reservation_id = run.reservation_id AND m.stage IN ('processing', 'settling')
RETURNING m.reservation_id AS run
