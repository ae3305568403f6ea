-- The broker has word of these. One that was put back meanwhile is due later, and is to be told of again.
-- PARAMS   $1 ids.
UPDATE message SET announced_at = now() WHERE id = ANY ($1::text[]) AND stage = 'queued' AND due_at <= now()
