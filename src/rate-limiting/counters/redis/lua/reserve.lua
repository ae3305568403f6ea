-- Hold a call's amounts against every limit, or against none.
--
-- KEYS  1 the epoch, 2 the live reservations (sorted set, score = deadline in ms), 3… one hash a counter
-- ARGV  1 the epoch's name ('' = not asked for)  2 now in µs ('' = the server's own clock)
--       3 the call as JSON, which is cheaper than fifty arguments: [time to live in ms, least elastic part, largest
--       elastic part, the hold's member for the largest without its versions, counters]; a counter: [expiry in ms,
--       ['g', unit, UNIT, …], [max, …], [amount for the largest elastic part, …], [base, per elastic, …]]. A max of 0
--       denies nothing
-- Returns {1, granted, deadline, values…} reserved, {0, values…} denied and nothing written; the values of a counter are
--         {version, (used, reserved)…} before the call
--         {-1, (index, token)…} cold: load these counters and ask again
--         {-2} the epoch has passed, or is not open yet
--
-- A counter's hash: g its version, k the token of a load under way, a lower-case letter what is used of a unit,
-- the same in upper case what is reserved of it. All that can be computed by the caller is: Redis has one thread.
if ARGV[1] ~= '' then
  local epoch = redis.call('HMGET', KEYS[1], 'id', 'open')
  if epoch[1] ~= ARGV[1] or not epoch[2] then return { -2 } end
end

local call = cjson.decode(ARGV[3])
local granted, member, counters, states, cold = call[3], call[4], call[5], {}, {}

for index, counter in ipairs(counters) do
  local key = KEYS[index + 2]
  local state = redis.call('HMGET', key, unpack(counter[2]))
  if not state[1] then
    -- Always the server's own time: what stands for one load must never stand for another.
    local time = redis.call('TIME')
    redis.call('HSETNX', key, 'k', time[1] .. string.format('%06d', time[2]))
    redis.call('PEXPIREAT', key, string.format('%.0f', counter[1]))
    cold[#cold + 1] = index - 1
    cold[#cold + 1] = redis.call('HGET', key, 'k')
  end
  states[index] = state
end
if #cold > 0 then return { -1, unpack(cold) } end

local function room_of(index, claim)
  local state = states[index]
  return counters[index][3][claim] - (state[2 * claim] or 0) - (state[2 * claim + 1] or 0)
end

local fits = true
for index, counter in ipairs(counters) do
  for claim, max in ipairs(counter[3]) do
    if max > 0 and counter[4][claim] > room_of(index, claim) then fits = false end
  end
end

if not fits then
  for index, counter in ipairs(counters) do
    for claim, max in ipairs(counter[3]) do
      local base, per, room = counter[5][2 * claim - 1], counter[5][2 * claim], room_of(index, claim)
      if max > 0 and math.ceil(base + per * granted) > room then
        if per == 0 then return { 0, unpack(states) } end
        local fitting = math.floor((room - base) / per)
        -- The division may round up by a hair, and a hair is an overshoot.
        if math.ceil(base + per * fitting) > room then fitting = fitting - 1 end
        granted = math.min(granted, fitting)
      end
    end
  end
  if granted < call[2] then return { 0, unpack(states) } end

  member = string.match(member, '^[^|]*')
  for index, counter in ipairs(counters) do
    local held = {}
    for claim in ipairs(counter[3]) do
      counter[4][claim] = math.ceil(counter[5][2 * claim - 1] + counter[5][2 * claim] * granted)
      held[claim] = counter[2][2 * claim] .. string.format('%.0f', counter[4][claim])
    end
    member = member .. '|' .. KEYS[index + 2] .. string.format(' %.0f ', counter[1]) .. table.concat(held, ',')
  end
end

local versions = {}
for index, counter in ipairs(counters) do
  local writes = {}
  for claim, amount in ipairs(counter[4]) do
    writes[2 * claim - 1] = counter[2][2 * claim + 1]
    writes[2 * claim] = (states[index][2 * claim + 1] or 0) + amount
  end
  redis.call('HSET', KEYS[index + 2], unpack(writes))
  versions[index] = states[index][1]
end

local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local deadline = math.floor(now / 1000) + call[1]
redis.call('ZADD', KEYS[2], deadline, member .. '|' .. table.concat(versions, ' '))
return { 1, granted, deadline, unpack(states) }
