-- Replace a hold by what was really used.
--
-- KEYS  1 the live reservations, 2… the hold's counters
-- ARGV  1 the hold's member in the live reservations
--       then a counter: its version when held, number of units, and a unit: letter, held, used
-- Returns 1 where this call ended the hold, 0 where it had ended before
--
-- A counter of another version was emptied or rebuilt from the ledger since the reservation: whether that rebuild saw
-- this call's row cannot be known, so the counter goes cold (and any load under way is void) and is read anew.
local ended, at = redis.call('ZREM', KEYS[1], ARGV[1]), 2

for key = 2, #KEYS do
  local version, units, fields = ARGV[at], tonumber(ARGV[at + 1]), { 'g' }
  for unit = 0, units - 1 do
    local letter = ARGV[at + 2 + unit * 3]
    fields[#fields + 1] = letter
    fields[#fields + 1] = string.upper(letter)
  end
  local values = redis.call('HMGET', KEYS[key], unpack(fields))
  local same, writes = values[1] == version, {}
  if ended == 1 then
    for unit = 0, units - 1 do
      local letter_at = at + 2 + unit * 3
      local used, reserved = tonumber(values[2 + unit * 2] or 0), values[3 + unit * 2]
      if reserved then
        writes[#writes + 1] = string.upper(ARGV[letter_at])
        writes[#writes + 1] = math.max(0, tonumber(reserved) - tonumber(ARGV[letter_at + 1]))
      end
      if same then
        writes[#writes + 1] = ARGV[letter_at]
        writes[#writes + 1] = used + tonumber(ARGV[letter_at + 2])
      end
    end
    if #writes > 0 then redis.call('HSET', KEYS[key], unpack(writes)) end
  end
  if not same then redis.call('HDEL', KEYS[key], 'g', 'k') end
  at = at + 2 + units * 3
end
return ended
