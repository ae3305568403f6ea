-- Register a live reservation again, in an epoch that knows nothing of it.
--
-- KEYS  1 the epoch, 2 the live reservations, 3… the hold's counters
-- ARGV  1 the epoch's name  2 the hold's member, as in settle.lua  3 time to live in ms  4… expiry in ms, one a counter
-- Returns 1 where it was registered, 0 where it was before, -2 where the epoch has passed
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return -2 end
local time = redis.call('TIME')
local deadline = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
if redis.call('ZADD', KEYS[2], 'NX', deadline, ARGV[2]) == 0 then return 0 end

local counters = #KEYS - 2
local from, to = string.find(ARGV[2], '\n', 1, true) + 1, #ARGV[2] - 8 * counters
local held = { struct.unpack('<' .. string.rep('d', (to - from + 1) / 8), string.sub(ARGV[2], from, to)) }
local at = 1

for index = 1, counters do
  local raw = redis.call('GET', KEYS[index + 2])
  local state = raw and { cmsgpack.unpack(raw) } or { 0 }
  for unit = 1, held[at] do
    state[2 * unit] = state[2 * unit] or 0
    state[2 * unit + 1] = (state[2 * unit + 1] or 0) + held[at + unit]
  end
  redis.call('SET', KEYS[index + 2], cmsgpack.pack(unpack(state)), 'PXAT', ARGV[index + 3])
  at = at + held[at] + 1
end
return 1
