-- Give a part of a hold back, its deadline as it was.
--
-- KEYS  1 the live reservations, 2… the hold's counters
-- ARGV  1 the hold's member in the live reservations, as in settle.lua  2 the smaller hold's, of the same units
-- Returns 1, or 0 where the hold has ended
local deadline = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not deadline then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], deadline, ARGV[2])

local values = redis.call('MGET', unpack(KEYS, 2))
local function amounts_of(member)
  local from, to = string.find(member, '\n', 1, true) + 1, #member - 8 * #values
  return { struct.unpack('<' .. string.rep('d', (to - from + 1) / 8), string.sub(member, from, to)) }
end
local held, kept, at = amounts_of(ARGV[1]), amounts_of(ARGV[2]), 1

for index, raw in ipairs(values) do
  -- A counter that was lost holds nothing of this call.
  if raw then
    local state = { cmsgpack.unpack(raw) }
    for unit = 1, held[at] do
      local reserved = (state[2 * unit + 1] or 0) - held[at + unit] + kept[at + unit]
      state[2 * unit] = state[2 * unit] or 0
      state[2 * unit + 1] = reserved > 0 and reserved or 0
    end
    redis.call('SET', KEYS[index + 1], cmsgpack.pack(unpack(state)), 'KEEPTTL')
  end
  at = at + held[at] + 1
end
return 1
