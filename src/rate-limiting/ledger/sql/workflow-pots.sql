-- The pots of a workflow's id that were charged since a day.
-- PARAMS   $1 the workflow's own id, $2 the first day. {pot} names the pot of a row, chosen when the file is read.
SELECT DISTINCT {pot} AS pot
FROM usage_daily u
WHERE u.workflow_id = $1 AND u.day >= $2::date
