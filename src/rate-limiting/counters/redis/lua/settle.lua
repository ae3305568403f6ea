-- Replace a hold by what was really used.
--
-- KEYS  1 the live reservations, 2… the hold's counters
-- ARGV  1 the hold's member in the live reservations: text up to a line's end, then doubles (a counter: number of units,
--         the amount of each), then the version of each counter
--       2 doubles: what was used of each unit of each counter
--       3 doubles: for how long, in µs, a counter is not read anew once it was; 0 for most
-- Returns 1 where this call ended the hold, 0 where it had ended before
--
-- A counter of another version was emptied or rebuilt from the ledger since the reservation: whether that rebuild saw
-- this call's row cannot be known, so the counter goes cold (and any load under way is void) and is read anew. Where all
-- calls share a counter, each reading would have those in flight make it cold again, for ever: one that was read just now
-- is rather given this call once too often, until it is read again.
local ended = redis.call('ZREM', KEYS[1], ARGV[1])
local values = redis.call('MGET', unpack(KEYS, 2))
local from, to = string.find(ARGV[1], '\n', 1, true) + 1, #ARGV[1] - 8 * #values
local held = { struct.unpack('<' .. string.rep('d', (to - from + 1) / 8), string.sub(ARGV[1], from, to)) }
local spent = { struct.unpack('<' .. string.rep('d', #ARGV[2] / 8), ARGV[2]) }
local at, spending = 1, 0

for index, raw in ipairs(values) do
  local units = held[at]
  if raw then
    local state = { cmsgpack.unpack(raw) }
    local same = string.sub(raw, 1, 9) == '\207' .. string.sub(ARGV[1], to + 8 * index - 7, to + 8 * index)
    local patience, young = same and 0 or struct.unpack('<d', ARGV[3], 8 * index - 7), false
    if patience > 0 and state[1] > 0 then
      local time = redis.call('TIME')
      young = time[1] * 1000000 + time[2] - state[1] < patience
    end
    for unit = 1, ended * units do
      local used, reserved = state[2 * unit] or 0, (state[2 * unit + 1] or 0) - held[at + unit]
      state[2 * unit] = used + ((same or young) and spent[spending + unit] or 0)
      state[2 * unit + 1] = reserved > 0 and reserved or 0
    end
    if not same and not young then state[1] = 0 end
    if ended == 1 or not same then
      redis.call('SET', KEYS[index + 1], cmsgpack.pack(unpack(state)), 'KEEPTTL')
    end
  end
  at, spending = at + units + 1, spending + units
end
return ended
