-- Take permits out of a token bucket, or none. Less than none are put back.
--
-- KEYS  1 the bucket: the instant in µs at which it will be full again
-- ARGV  1 now in µs ('' = the server's own clock)  2 permits  3 burst  4 refill a second
-- Returns {taken, full at in µs, now in µs} as text: Redis would cut a fraction off
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local interval = 1000000 / tonumber(ARGV[4])
local capacity = tonumber(ARGV[3]) * interval
local current = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
-- A bucket that shrank (a plan changed) is at worst empty.
current = math.min(current, now + math.ceil(capacity))
-- Rounded down, so that rounding never denies a permit that is there.
-- A bucket that is given permits back is full at most.
local wanted = math.max(now, math.floor(current + tonumber(ARGV[2]) * interval))
if wanted - now > capacity then
  return { 0, string.format('%.0f', current), string.format('%.0f', now) }
end
local keptMs = math.max(1, math.ceil((wanted - now) / 1000))
-- The caller's clock may stand still while the server's, by which keys expire, goes on.
if ARGV[1] ~= '' then keptMs = keptMs + 3600000 end
redis.call('SET', KEYS[1], string.format('%.0f', wanted), 'PX', keptMs)
return { 1, string.format('%.0f', wanted), string.format('%.0f', now) }
