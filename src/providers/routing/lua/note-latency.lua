-- Add latencies to a provider's moving average.
--
-- KEYS  1 the provider's hash: ms:<measure> the average, at:<measure> when it was added to
-- ARGV  1 now in ms ('' = the server's own clock)  2 measure  3 mean of the new in ms  4 the weight of all of them
--       5 how long an average is worth anything, in ms  6 how long the hash is kept at least, in ms
-- Returns 1
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local mean = tonumber(ARGV[3])
local before = redis.call('HMGET', KEYS[1], 'ms:' .. ARGV[2], 'at:' .. ARGV[2])
if before[1] and now - tonumber(before[2]) < tonumber(ARGV[5]) then
  mean = tonumber(before[1]) + (mean - tonumber(before[1])) * tonumber(ARGV[4])
end
redis.call('HSET', KEYS[1], 'ms:' .. ARGV[2], string.format('%.3f', mean), 'at:' .. ARGV[2], string.format('%.0f', now))
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[6]) then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
return 1
