-- An instance has registered its reservations; the epoch opens when all instances that live have.
--
-- KEYS  1 the epoch, 2 the open epoch: its name, a string of its own, so that a reserve reads it with its counters
-- ARGV  1 the epoch's name  2 the instance  3… the instances that live
-- Returns 1 where the epoch is open, 0 where it waits for others, -2 where it has passed
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return -2 end
redis.call('HSET', KEYS[1], 'joined:' .. ARGV[2], 1)
if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end

for instance = 3, #ARGV do
  if redis.call('HEXISTS', KEYS[1], 'joined:' .. ARGV[instance]) == 0 then return 0 end
end
redis.call('SET', KEYS[2], ARGV[1])
return 1
