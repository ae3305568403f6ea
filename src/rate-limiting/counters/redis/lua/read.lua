-- What counters stand at.
--
-- KEYS  one hash a counter
-- ARGV  expiry in ms, one a counter
-- Returns a counter: {1, field, value, field, value…} warm, {0, token} cold: load it and ask again
local answer = {}
for key = 1, #KEYS do
  if redis.call('HEXISTS', KEYS[key], 'g') == 1 then
    answer[key] = { 1, unpack(redis.call('HGETALL', KEYS[key])) }
  else
    local time = redis.call('TIME')
    redis.call('HSETNX', KEYS[key], 'k', time[1] .. string.format('%06d', time[2]))
    redis.call('PEXPIREAT', KEYS[key], ARGV[key])
    answer[key] = { 0, redis.call('HGET', KEYS[key], 'k') }
  end
end
return answer
