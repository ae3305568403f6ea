-- Hold a call's amounts against every limit, or against none.
--
-- KEYS  1 the live reservations (sorted set, score = deadline in ms), 2 the open epoch, 3… one packed string a counter
-- ARGV  1 the epoch's name ('' = not asked for)
--       2 doubles: time to live in ms, now in ms (0 = the server's own clock), each counter's bounds (a unit, in the
--         order of units; infinite where nothing denies), then a counter: number of units, the amount of each for the
--         largest elastic part
--       3 doubles, for when it does not fit or a counter is cold: least and largest elastic part, each counter's expiry
--         in ms, then (base, per elastic) of each counter's units
--       4 what the hold's member begins with: the member is this, the amounts, and the versions of the counters
-- Returns {deadline, counters…} reserved at the largest elastic part, {deadline, counters…, granted} at a smaller one,
--         {0, counters…} denied and nothing written; each counter packed, as it was before the call
--         {-1, counters…} some are cold and have a token now: load them and ask again
--         {-2} the epoch has passed, or is not open yet
--
-- A counter, packed by cmsgpack: its stamp (above 0 the version of the load that filled it, 0 cold, below 0 cold with
-- minus the token of a load under way), then used and reserved of each unit in the order of units, as far as any was met.
local values = redis.call('MGET', unpack(KEYS, 2))
if ARGV[1] ~= '' and values[1] ~= ARGV[1] then return { -2 } end

local counters = #KEYS - 2
local asked = { struct.unpack('<' .. string.rep('d', #ARGV[2] / 8), ARGV[2]) }
-- The last number is where the next would begin.
local bounds, held = 2, 3 + (#asked - 3 - counters) / 2
local at, states, warm, fits = held, {}, true, true

for index = 1, counters do
  local raw = values[index + 1]
  -- A warm counter begins with a large positive number: a type byte, and eight.
  if not raw or string.byte(raw) ~= 207 then
    warm = false
    break
  end
  local state, units = { cmsgpack.unpack(raw) }, asked[at]
  for unit = 1, units do
    local used = state[2 * unit] or 0
    local reserved = (state[2 * unit + 1] or 0) + asked[at + unit]
    if used + reserved > asked[bounds + unit] then fits = false end
    state[2 * unit], state[2 * unit + 1] = used, reserved
  end
  states[index], at, bounds = state, at + units + 1, bounds + units
end

local amounts, granted = nil, nil
if not warm or not fits then
  local slow = { struct.unpack('<' .. string.rep('d', #ARGV[3] / 8), ARGV[3]) }
  if not warm then
    for index = 1, counters do
      local raw = values[index + 1]
      local state = raw and { cmsgpack.unpack(raw) } or { 0 }
      if state[1] == 0 then
        -- Always the server's own time: what stands for one load must never stand for another.
        local time = redis.call('TIME')
        state[1] = -(time[1] * 1000000 + time[2])
        values[index + 1] = cmsgpack.pack(unpack(state))
        redis.call('SET', KEYS[index + 2], values[index + 1], 'PXAT', slow[2 + index])
      end
    end
    values[1] = -1
    return values
  end

  values[1] = 0
  local least, growth, bound = slow[1], 3 + counters, 3
  granted, at = slow[2], held
  for index = 1, counters do
    local state = states[index]
    for unit = 1, asked[at] do
      local base, per = slow[growth], slow[growth + 1]
      local room = asked[bound] - state[2 * unit] - (state[2 * unit + 1] - asked[at + unit])
      if math.ceil(base + per * granted) > room then
        if per == 0 then return values end
        local fitting = math.floor((room - base) / per)
        -- The division may round up by a hair, and a hair is an overshoot.
        if math.ceil(base + per * fitting) > room then fitting = fitting - 1 end
        granted = math.min(granted, fitting)
      end
      bound, growth = bound + 1, growth + 2
    end
    at = at + asked[at] + 1
  end
  if granted < least then return values end

  at, growth, amounts = held, 3 + counters, {}
  for index = 1, counters do
    amounts[#amounts + 1] = asked[at]
    for unit = 1, asked[at] do
      local amount = math.ceil(slow[growth] + slow[growth + 1] * granted)
      states[index][2 * unit + 1] = states[index][2 * unit + 1] - asked[at + unit] + amount
      amounts[#amounts + 1], growth = amount, growth + 2
    end
    at = at + asked[at] + 1
  end
  amounts = struct.pack('<' .. string.rep('d', #amounts), unpack(amounts))
end

local versions = ''
for index = 1, counters do
  versions = versions .. string.sub(values[index + 1], 2, 9)
  redis.call('SET', KEYS[index + 2], cmsgpack.pack(unpack(states[index])), 'KEEPTTL')
end

local now = asked[2]
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
values[1] = now + asked[1]
redis.call('ZADD', KEYS[1], values[1], ARGV[4] .. (amounts or string.sub(ARGV[2], 8 * held - 7)) .. versions)
values[counters + 2] = granted
return values
