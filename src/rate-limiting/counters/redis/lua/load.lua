-- Fill a cold counter from the ledger: set, never added to.
--
-- KEYS  1 the open epoch, 2 the counter
-- ARGV  1 the epoch's name ('' = not asked for)  2 the token that was given when it was found cold  3 expiry in ms
--       4 doubles: what is used of every unit
-- Returns 1 where it was filled, 0 where another filled it, or a settlement voided the token, in between,
--         {-2} where the epoch has passed
local values = redis.call('MGET', KEYS[1], KEYS[2])
if ARGV[1] ~= '' and values[1] ~= ARGV[1] then return { -2 } end
local state = values[2] and { cmsgpack.unpack(values[2]) } or { 0 }
if state[1] >= 0 or -state[1] ~= tonumber(ARGV[2]) then return 0 end

local time = redis.call('TIME')
state[1] = time[1] * 1000000 + time[2]
local used = { struct.unpack('<' .. string.rep('d', #ARGV[4] / 8), ARGV[4]) }
for unit = 1, #ARGV[4] / 8 do
  state[2 * unit], state[2 * unit + 1] = used[unit], state[2 * unit + 1] or 0
end
redis.call('SET', KEYS[2], cmsgpack.pack(unpack(state)), 'PXAT', ARGV[3])
return 1
