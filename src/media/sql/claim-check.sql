-- Whether this instance is the one that looks at a store's room now.
-- $1 store, $2 now, $3 when it is looked at next.
INSERT INTO media_check AS c (store, next_check_at) VALUES ($1, $3)
ON CONFLICT (store) DO UPDATE SET next_check_at = $3 WHERE c.next_check_at <= $2
RETURNING store
