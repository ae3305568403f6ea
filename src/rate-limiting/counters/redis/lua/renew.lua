-- Push a hold's deadline out.
--
-- KEYS  1 the live reservations
-- ARGV  1 now in µs ('' = the server's own clock)  2 the hold's member  3 time to live in ms
-- Returns the new deadline in ms, 0 where the hold has ended
if not redis.call('ZSCORE', KEYS[1], ARGV[2]) then return 0 end

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local deadline = math.floor(now / 1000) + tonumber(ARGV[3])
redis.call('ZADD', KEYS[1], deadline, ARGV[2])
return deadline
