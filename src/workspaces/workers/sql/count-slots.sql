-- How many slots each living instance has of those that are wanted, and how many of these nobody has (owner null).
-- PARAMS   $1 how many workers a workspace has where nobody said otherwise.
SELECT i.id AS owner, count(s.number)::integer AS count
FROM (SELECT id FROM worker_instance UNION ALL SELECT NULL) AS i (id)
LEFT JOIN (
  SELECT s.owner, s.number FROM worker_slot s LEFT JOIN worker_scale c USING (workspace_id)
  WHERE s.number <= coalesce(c.wanted, $1::integer)
) AS s ON s.owner IS NOT DISTINCT FROM i.id
GROUP BY i.id
