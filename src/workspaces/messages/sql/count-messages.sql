-- The messages that are under way, by their stage: how many, the seconds since the oldest was published, and those that the
-- one that is due longest has waited for a worker, which is null where none is due. Where no worker is wanted none waits for one.
SELECT m.stage, count(*)::integer AS count,
       extract(epoch FROM max(now() - m.created_at))::double precision AS "oldestSec",
       extract(epoch FROM max(now() - m.due_at) FILTER (
         WHERE m.due_at <= now() AND c.wanted IS DISTINCT FROM 0
       ))::double precision AS "dueSec"
FROM message m LEFT JOIN worker_scale c USING (workspace_id)
WHERE m.stage IN ('queued', 'processing', 'settling')
GROUP BY m.stage
