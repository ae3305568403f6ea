-- Give a hold back, as if the call had never been.
--
-- KEYS  1 the live reservations, 2… the hold's counters
-- ARGV  1 the hold's member in the live reservations, as in settle.lua
-- Returns 1 where this call ended the hold, 0 where it had ended before
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end

local values = redis.call('MGET', unpack(KEYS, 2))
local from, to = string.find(ARGV[1], '\n', 1, true) + 1, #ARGV[1] - 8 * #values
local held = { struct.unpack('<' .. string.rep('d', (to - from + 1) / 8), string.sub(ARGV[1], from, to)) }
local at = 1

for index, raw in ipairs(values) do
  -- A counter that was lost holds nothing of this call.
  if raw then
    local state = { cmsgpack.unpack(raw) }
    for unit = 1, held[at] do
      local reserved = (state[2 * unit + 1] or 0) - held[at + unit]
      state[2 * unit] = state[2 * unit] or 0
      state[2 * unit + 1] = reserved > 0 and reserved or 0
    end
    redis.call('SET', KEYS[index + 1], cmsgpack.pack(unpack(state)), 'KEEPTTL')
  end
  at = at + held[at] + 1
end
return 1
