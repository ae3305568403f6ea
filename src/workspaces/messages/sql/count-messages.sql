-- How many messages are under way, by their stage.
SELECT stage, count(*)::integer AS count FROM message WHERE stage IN ('queued', 'processing', 'settling') GROUP BY stage
