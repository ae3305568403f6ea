-- End a probe.
--
-- KEYS  1 the provider's hash
-- ARGV  1 recovered: 1 = it is well again, 0 = nothing is known and the next may probe
-- Returns 1
redis.call('HDEL', KEYS[1], 'probe')
if ARGV[1] == '1' then redis.call('HDEL', KEYS[1], 'until', 'strict') end
return 1
