-- Let a provider rest: until the later of what it rests anyway and so long from now. A probe under way is over.
--
-- KEYS  1 the provider's hash: until, strict, probe (instants in ms), reason, at
-- ARGV  1 now in ms ('' = the server's own clock)  2 reason  3 rest in ms, 0 ends its rest  4 strict: 1 or 0
--       5 how long the hash is kept past that, in ms
-- Returns 1
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local rest = tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'reason', ARGV[2], 'at', string.format('%.0f', now))
redis.call('HDEL', KEYS[1], 'probe')
redis.call('PEXPIRE', KEYS[1], rest + tonumber(ARGV[5]))
if rest == 0 then
  redis.call('HDEL', KEYS[1], 'until', 'strict')
  return 1
end
local before = tonumber(redis.call('HGET', KEYS[1], 'until') or 0)
local strict = ARGV[4]
if before > now and redis.call('HGET', KEYS[1], 'strict') == '1' then strict = '1' end
redis.call('HSET', KEYS[1], 'strict', strict, 'until', string.format('%.0f', math.max(before, now + rest)))
return 1
