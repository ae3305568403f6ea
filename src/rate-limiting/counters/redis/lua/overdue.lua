-- Holds past their deadline, the longest overdue first.
--
-- KEYS  1 the live reservations
-- ARGV  1 now in µs ('' = the server's own clock)  2 how many at most
-- Returns {member, deadline…}
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', math.floor(now / 1000), 'WITHSCORES', 'LIMIT', 0, ARGV[2])
