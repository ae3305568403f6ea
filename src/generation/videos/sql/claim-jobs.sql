-- Takes on jobs whose next step is due and that nobody works at: a lease that is over is that of a dead instance.
-- PARAMS   $1 now, $2 the lease's token, $3 until when it holds, $4 how many at most.
-- RETURNS  their ids.
WITH due AS MATERIALIZED (
  SELECT id FROM video_job
  WHERE stage IN ('queued', 'creating', 'processing', 'delivering', 'settling')
    AND due_at <= $1::timestamptz
    AND (lease_until IS NULL OR lease_until <= $1::timestamptz)
  ORDER BY due_at
  LIMIT $4::integer
  FOR UPDATE SKIP LOCKED
)
UPDATE video_job SET lease_token = $2::text, lease_until = $3::timestamptz
FROM due WHERE video_job.id = due.id
RETURNING video_job.id
