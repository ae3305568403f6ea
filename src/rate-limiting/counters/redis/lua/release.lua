-- Give a hold back, as if the call had never been.
--
-- KEYS  1 the live reservations, 2… the hold's counters
-- ARGV  1 the hold's member in the live reservations
--       then a counter: number of units, and a unit: letter, held
-- Returns 1 where this call ended the hold, 0 where it had ended before
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end

local at = 2
for key = 2, #KEYS do
  local units = tonumber(ARGV[at])
  for unit = 0, units - 1 do
    local field = string.upper(ARGV[at + 1 + unit * 2])
    local reserved = redis.call('HGET', KEYS[key], field)
    -- A counter that was lost holds nothing of this call.
    if reserved then
      redis.call('HSET', KEYS[key], field, math.max(0, tonumber(reserved) - tonumber(ARGV[at + 2 + unit * 2])))
    end
  end
  at = at + 1 + units * 2
end
return 1
