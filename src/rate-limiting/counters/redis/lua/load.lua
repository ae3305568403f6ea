-- Fill a cold counter from the ledger: set, never added to.
--
-- KEYS  1 the epoch, 2 the counter
-- ARGV  1 the epoch's name ('' = not asked for)  2 the token that was given when it was found cold  3 expiry in ms
--       4 all unit letters, separated by blanks  then (letter, used) a unit
-- Returns 1 where it was filled, 0 where another filled it, or a settlement voided the token, in between,
--         {-2} where the epoch has passed
if ARGV[1] ~= '' then
  local epoch = redis.call('HMGET', KEYS[1], 'id', 'open')
  if epoch[1] ~= ARGV[1] or not epoch[2] then return { -2 } end
end
if redis.call('HGET', KEYS[2], 'k') ~= ARGV[2] then return 0 end

local time = redis.call('TIME')
for letter in string.gmatch(ARGV[4], '%a') do redis.call('HDEL', KEYS[2], letter) end
redis.call('HDEL', KEYS[2], 'k')
redis.call('HSET', KEYS[2], 'g', time[1] .. string.format('%06d', time[2]), unpack(ARGV, 5))
redis.call('PEXPIREAT', KEYS[2], ARGV[3])
return 1
