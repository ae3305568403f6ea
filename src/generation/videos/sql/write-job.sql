-- Writes what a step learned of a job, while the job is still in the stage that it was seen in, and in the same hands.
-- PARAMS   $1 its id, $2 that stage, $3 the lease's token, $4 columns by their names: those left out stay as they are.
-- RETURNS  its id, or nothing.
UPDATE video_job SET (
  stage, wish, provider, model, provider_key_id, provider_job_id, seconds, size, made_seconds, progress, asset_id, usage, error,
  attempts, due_at, lease_token, lease_until, completed_at
) = (
  SELECT
    stage, wish, provider, model, provider_key_id, provider_job_id, seconds, size, made_seconds, progress, asset_id, usage, error,
    attempts, due_at, lease_token, lease_until, completed_at
  FROM jsonb_populate_record(video_job, $4::jsonb)
)
WHERE id = $1::text AND stage = $2::text AND lease_token = $3::text
RETURNING id
