-- What is kept, each content once; and what of it waits for the store outside.
SELECT
  coalesce(count(*) FILTER (WHERE kind = 'image'), 0)::integer AS images,
  coalesce(sum(bytes) FILTER (WHERE kind = 'image'), 0)::bigint AS "imageBytes",
  coalesce(count(*) FILTER (WHERE kind = 'video'), 0)::integer AS videos,
  coalesce(sum(bytes) FILTER (WHERE kind = 'video'), 0)::bigint AS "videoBytes",
  coalesce(count(*) FILTER (WHERE waits), 0)::integer AS waiting,
  coalesce(sum(bytes) FILTER (WHERE waits), 0)::bigint AS "waitingBytes",
  min(kept_at) FILTER (WHERE waits) AS "oldestWaiting",
  (SELECT failure FROM media_upload WHERE failure IS NOT NULL ORDER BY next_attempt_at DESC LIMIT 1) AS failure
FROM (
  SELECT f.kind, f.bytes, f.kept_at,
    EXISTS (SELECT FROM media_upload u WHERE u.sha256 = f.sha256)
      AND EXISTS (SELECT FROM asset a WHERE a.sha256 = f.sha256) AS waits
  FROM media_file f
) files
