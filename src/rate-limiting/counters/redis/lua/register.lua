-- Register a live reservation again, in an epoch that knows nothing of it.
--
-- KEYS  1 the epoch, 2 the live reservations, 3… the hold's counters
-- ARGV  1 the epoch's name  2 the hold's member  3 time to live in ms
--       then a counter: expiry in ms, number of units, and a unit: letter, held
-- Returns 1 where it was registered, 0 where it was before, -2 where the epoch has passed
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return -2 end
local time = redis.call('TIME')
local deadline = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
if redis.call('ZADD', KEYS[2], 'NX', deadline, ARGV[2]) == 0 then return 0 end

local at = 4
for key = 3, #KEYS do
  local units = tonumber(ARGV[at + 1])
  for unit = 0, units - 1 do
    redis.call('HINCRBY', KEYS[key], string.upper(ARGV[at + 2 + unit * 2]), ARGV[at + 3 + unit * 2])
  end
  redis.call('PEXPIREAT', KEYS[key], ARGV[at])
  at = at + 2 + units * 2
end
return 1
