-- How many workers are wanted over all workspaces, and how many there are in instances that live, by their state.
-- PARAMS   $1 how many workers a workspace has where nobody said otherwise.
SELECT 'wanted' AS what, coalesce(sum(coalesce(c.wanted, $1::integer)), 0)::integer AS count
FROM workspaces w LEFT JOIN worker_scale c ON c.workspace_id = w.id
UNION ALL
SELECT s.state, count(*)::integer
FROM worker_slot s JOIN worker_instance i ON i.id = s.owner AND i.lease_until > now()
GROUP BY s.state
