-- Takes on the next message of a workspace that is due, or a certain one where it is: nobody works at it, or who did has not
-- said so for the life of a lease. A run begins under a reservation id of its own; one whose answer is kept goes on under the
-- one that it was made with. For the life of a lease after its own start the database takes no run for dead: while it was away
-- none could say that it lives.
-- CHOICES  {which}: the next, or a certain one. As one condition they would have one plan, which looks for the certain one
--           among all that are due.
-- PARAMS   $1 workspace, $2 id or null, $3 the worker, $4 the new run's reservation id, $5 the lease in milliseconds.
-- RETURNS  its id, and what the run before it left held.
WITH next AS MATERIALIZED (
  SELECT id, stage, reservation_id, reservation FROM message
  WHERE workspace_id = $1::text AND {which}
    AND stage IN ('queued', 'processing', 'settling')
    AND due_at <= now()
    AND (stage = 'queued' OR now() > pg_postmaster_start_time() + $5::double precision * interval '1 millisecond')
  ORDER BY due_at, id
  LIMIT 1
  FOR UPDATE SKIP LOCKED
)
UPDATE message m SET
  stage = CASE m.stage WHEN 'settling' THEN 'settling' ELSE 'processing' END,
  attempts = m.attempts + CASE m.stage WHEN 'settling' THEN 0 ELSE 1 END,
  due_at = now() + $5::double precision * interval '1 millisecond',
  claimed_by = $3::text,
  reservation_id = CASE m.stage WHEN 'settling' THEN m.reservation_id ELSE $4::text END,
  reservation = CASE m.stage WHEN 'settling' THEN m.reservation END,
  past_reservations = CASE WHEN m.stage = 'settling' OR m.reservation_id IS NULL THEN m.past_reservations
                           ELSE m.past_reservations || m.reservation_id END
FROM next WHERE m.id = next.id
RETURNING m.id, CASE next.stage WHEN 'settling' THEN NULL ELSE next.reservation END AS left_behind
