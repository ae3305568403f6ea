-- How many workers are somewhere, by their state.
SELECT state, count(*)::integer AS count FROM worker_slot WHERE owner IS NOT NULL GROUP BY state
