-- Tried again after 10 s, and then each time after twice as long, an hour at most.
-- $1 sha256, $2 disk, $3 now, $4 why.
UPDATE media_upload
SET failure = $4,
  next_attempt_at = $3::timestamptz + least(10 * power(2, least(attempts - 1, 12)), 3600) * interval '1 second'
WHERE sha256 = $1 AND disk = $2
