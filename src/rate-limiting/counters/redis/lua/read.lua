-- What counters stand at.
--
-- KEYS  1 the epoch, 2… one hash a counter
-- ARGV  1 the epoch's name ('' = not asked for), 2… expiry in ms, one a counter
-- Returns a counter: {1, field, value, field, value…} warm, {0, token} cold: load it and ask again;
--         {-2} the epoch has passed, or is not open yet
if ARGV[1] ~= '' then
  local epoch = redis.call('HMGET', KEYS[1], 'id', 'open')
  if epoch[1] ~= ARGV[1] or not epoch[2] then return { -2 } end
end

local answer = {}
for key = 2, #KEYS do
  if redis.call('HEXISTS', KEYS[key], 'g') == 1 then
    answer[key - 1] = { 1, unpack(redis.call('HGETALL', KEYS[key])) }
  else
    local time = redis.call('TIME')
    redis.call('HSETNX', KEYS[key], 'k', time[1] .. string.format('%06d', time[2]))
    redis.call('PEXPIREAT', KEYS[key], ARGV[key])
    answer[key - 1] = { 0, redis.call('HGET', KEYS[key], 'k') }
  end
end
return answer
