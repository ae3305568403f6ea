-- Takes the next upload of a disk that is due, or that of one file. It is taken with its next attempt set already, as far
-- off as sending the file may last: one who dies over it leaves it to the next, and no two have it at once. An asset
-- tells what the file is: the first, where several users made the same. What no asset speaks of any more stays here.
-- $1 disk, $2 now, $3 sha256 or null.
WITH due AS (
  SELECT sha256 FROM media_upload w
  WHERE disk = $1 AND next_attempt_at <= $2 AND ($3::text IS NULL OR sha256 = $3)
    AND EXISTS (SELECT FROM asset a WHERE a.sha256 = w.sha256)
  ORDER BY next_attempt_at
  LIMIT 1
  FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE media_upload u
  SET attempts = u.attempts + 1,
    next_attempt_at = $2::timestamptz + interval '3 minutes' + f.bytes * interval '4 microseconds'
  FROM due, media_file f
  WHERE u.disk = $1 AND u.sha256 = due.sha256 AND f.sha256 = due.sha256
  RETURNING f.sha256, f.kind, f.path, f.bytes, f.uploaded_at, u.attempts
)
SELECT t.sha256, t.kind, t.path, t.bytes, t.uploaded_at AS "uploadedAt", t.attempts, a.tags, a.prompt, a.provider, a.model,
  a.usage_id AS "usageId", a.metadata, a.created_at AS "createdAt"
FROM taken t
CROSS JOIN LATERAL (SELECT * FROM asset WHERE sha256 = t.sha256 ORDER BY id LIMIT 1) a
