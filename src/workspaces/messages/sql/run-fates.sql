-- What became of the runs with these reservation ids; of one that was paid the ledger tells. A message's own id stands for a
-- request that must not be made a second time, however far the message is.
-- PARAMS   $1 ids.
SELECT reservation_id AS id, CASE WHEN stage IN ('processing', 'settling') THEN 'running' ELSE 'free' END AS fate
FROM message WHERE reservation_id = ANY ($1::text[]) AND stage <> 'completed'
UNION ALL
SELECT past.id, 'free' FROM message CROSS JOIN LATERAL unnest(past_reservations) AS past (id)
WHERE past_reservations <> '{}' AND past_reservations && $1::text[] AND past.id = ANY ($1::text[])
UNION ALL
SELECT id, 'running' FROM message WHERE id = ANY ($1::text[])
