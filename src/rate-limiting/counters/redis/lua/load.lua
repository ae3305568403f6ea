-- Fill a cold counter from the ledger: set, never added to.
--
-- KEYS  1 the counter
-- ARGV  1 the token that was given when it was found cold  2 expiry in ms
--       3 all unit letters, separated by blanks  then (letter, used) a unit
-- Returns 1 where it was filled, 0 where another filled it, or a settlement voided the token, in between
if redis.call('HGET', KEYS[1], 'k') ~= ARGV[1] then return 0 end

local time = redis.call('TIME')
for letter in string.gmatch(ARGV[3], '%a') do redis.call('HDEL', KEYS[1], letter) end
redis.call('HDEL', KEYS[1], 'k')
redis.call('HSET', KEYS[1], 'g', time[1] .. string.format('%06d', time[2]), unpack(ARGV, 4))
redis.call('PEXPIREAT', KEYS[1], ARGV[2])
return 1
