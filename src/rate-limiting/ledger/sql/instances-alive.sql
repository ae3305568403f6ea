-- The instances that said so within five seconds.
SELECT id FROM instance_roster WHERE seen_at > now() - interval '5 seconds'
