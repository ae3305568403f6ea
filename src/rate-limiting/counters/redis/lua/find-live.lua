-- Find live reservations by their ids.
--
-- KEYS  1 the live reservations
-- ARGV  the ids
-- Returns {member, deadline…}
local wanted, found = {}, {}
for _, id in ipairs(ARGV) do wanted[id] = true end
local live = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for at = 1, #live, 2 do
  if wanted[string.match(live[at], '^[^|]+')] then
    found[#found + 1] = live[at]
    found[#found + 1] = live[at + 1]
  end
end
return found
