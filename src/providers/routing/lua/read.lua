-- What is known of a provider's health.
--
-- KEYS  1 the provider's hash
-- ARGV  1 now in ms ('' = the server's own clock)
-- Returns {now in ms, then field, value…} as text
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local answer = redis.call('HGETALL', KEYS[1])
table.insert(answer, 1, string.format('%.0f', now))
return answer
