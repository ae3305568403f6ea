-- An instance says that it lives, and forgets those that have not for a day.
-- PARAMS   $1 the instance.
WITH gone AS (DELETE FROM instance_roster WHERE seen_at < now() - interval '1 day')
INSERT INTO instance_roster (id, seen_at) VALUES ($1::text, now())
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
