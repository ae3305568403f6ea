-- Ask for the one probe of a provider whose rest is over, or, where early, of one that rests and is not strict.
--
-- KEYS  1 the provider's hash
-- ARGV  1 now in ms ('' = the server's own clock)  2 how long a probe may take, in ms  3 early: 1 or 0
-- Returns granted, refused or available (it needs no probe)
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local state = redis.call('HMGET', KEYS[1], 'until', 'strict', 'probe')
if not state[1] then return 'available' end
local rests = tonumber(state[1]) > now and (state[2] == '1' or ARGV[3] == '0')
if rests or tonumber(state[3] or 0) > now then return 'refused' end
redis.call('HSET', KEYS[1], 'probe', string.format('%.0f', now + tonumber(ARGV[2])))
return 'granted'
