-- What counters stand at.
--
-- KEYS  1 the open epoch, 2… one packed string a counter
-- ARGV  1 the epoch's name ('' = not asked for), 2… expiry in ms, one a counter
-- Returns the counters, packed: cold ones have a token now, load them and ask again;
--         {-2} the epoch has passed, or is not open yet
local values = redis.call('MGET', unpack(KEYS))
if ARGV[1] ~= '' and values[1] ~= ARGV[1] then return { -2 } end

for index = 2, #KEYS do
  local raw = values[index]
  local state = raw and { cmsgpack.unpack(raw) } or { 0 }
  if state[1] == 0 then
    local time = redis.call('TIME')
    state[1] = -(time[1] * 1000000 + time[2])
    values[index] = cmsgpack.pack(unpack(state))
    redis.call('SET', KEYS[index], values[index], 'PXAT', ARGV[index])
  end
end
values[1] = 1
return values
