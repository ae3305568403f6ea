-- A file has come to the store: from now on it is read there.
-- $1 sha256, $2 disk, $3 now.
WITH kept AS (
  UPDATE media_file SET uploaded_at = coalesce(uploaded_at, $3) WHERE sha256 = $1
)
DELETE FROM media_upload WHERE sha256 = $1 AND disk = $2
