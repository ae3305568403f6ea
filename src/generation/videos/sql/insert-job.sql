-- Writes a job down.
-- PARAMS   $1 the job: its columns by their names.
INSERT INTO video_job SELECT job.* FROM jsonb_populate_record(NULL::video_job, $1::jsonb) AS job
