-- The workers of a workspace in instances that live, and what each has in hand.
-- PARAMS   $1 workspace.
SELECT s.number, s.owner AS instance, s.state, m.id AS "messageId", s.since
FROM worker_slot s
JOIN worker_instance i ON i.id = s.owner AND i.lease_until > now()
LEFT JOIN message m ON m.claimed_by = s.owner || ':' || s.number AND m.workspace_id = s.workspace_id
WHERE s.workspace_id = $1::text
ORDER BY s.number
