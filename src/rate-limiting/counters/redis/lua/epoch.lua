-- Name the epoch of this server's data: a new one where it was emptied, or where another server speaks (restarted, or a
-- replica that took over), since what that one holds may be older than what was answered.
--
-- KEYS  1 the epoch, 2 the open epoch
-- ARGV  1 a name for a new epoch  2 the server's run id
-- Returns {name, 1 where every instance has registered its reservations, else 0}
local epoch = redis.call('HMGET', KEYS[1], 'id', 'run')
if epoch[1] and epoch[2] == ARGV[2] then return { epoch[1], redis.call('EXISTS', KEYS[2]) } end

redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'run', ARGV[2])
return { ARGV[1], 0 }
