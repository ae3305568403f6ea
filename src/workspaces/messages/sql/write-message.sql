-- Writes what a run learned of its message, while it is still that run's. Done a second time it changes nothing more.
-- PARAMS   $1 id, $2 the run's reservation id, $3 the stages that it may be seen in, $4 columns by their names: those left
--          out stay as they are, $5 in how many milliseconds it is due, or null where that stays too.
-- RETURNS  how many seconds ago it was published, or nothing.
UPDATE message m SET
  (stage, attempts, claimed_by, reservation, result, usage, error, announced_at) = (
    SELECT stage, attempts, claimed_by, reservation, result, usage, error, announced_at
    FROM jsonb_populate_record(m, $4::jsonb)
  ),
  due_at = coalesce(now() + $5::double precision * interval '1 millisecond', m.due_at),
  completed_at = CASE WHEN $4::jsonb ->> 'stage' IN ('completed', 'failed') THEN coalesce(m.completed_at, now()) END
WHERE id = $1::text AND reservation_id = $2::text AND stage = ANY ($3::text[])
RETURNING extract(epoch FROM now() - created_at)::double precision AS seconds
