-- The instances that said so within five seconds. For as long after its own start the database takes nobody for dead:
-- while it was away nobody could say so.
SELECT id FROM instance_roster
WHERE seen_at > now() - interval '5 seconds' OR now() < pg_postmaster_start_time() + interval '5 seconds'
