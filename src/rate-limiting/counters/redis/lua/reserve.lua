-- Hold a call's amounts against every limit, or against none.
--
-- KEYS  1 the epoch, 2 the live reservations (sorted set, score = deadline in ms), 3… one hash a counter
-- ARGV  1 the epoch's name ('' = not asked for)  2 now in µs ('' = the server's own clock)  3 reservation id
--       4 time to live in ms  5 least elastic part  6 largest elastic part
--       then a counter: expiry in ms, number of claims, and a claim: unit, max, hard, base, per elastic
-- Returns {1, granted, deadline, version…, (used, reserved)…} reserved
--         {0, (used, reserved)…} denied, nothing written
--         {-1, (index, token)…} cold: load these counters and ask again
--         {-2} the epoch has passed, or is not open yet
--
-- A counter's hash: g its version, k the token of a load under way, a lower-case letter what is used of a unit,
-- the same in upper case what is reserved of it.
if ARGV[1] ~= '' then
  local epoch = redis.call('HMGET', KEYS[1], 'id', 'open')
  if epoch[1] ~= ARGV[1] or not epoch[2] then return { -2 } end
end

local granted, least = tonumber(ARGV[6]), tonumber(ARGV[5])
local counters, cold, at = {}, {}, 7

-- Stamps are always the server's own time: what stands for one load must never stand for another.
local function stamp()
  local time = redis.call('TIME')
  return time[1] .. string.format('%06d', time[2])
end

for key = 3, #KEYS do
  local claims, fields = tonumber(ARGV[at + 1]), { 'g' }
  for claim = 0, claims - 1 do
    local unit = ARGV[at + 2 + claim * 5]
    fields[#fields + 1] = unit
    fields[#fields + 1] = string.upper(unit)
  end
  local values = redis.call('HMGET', KEYS[key], unpack(fields))
  if not values[1] then
    redis.call('HSETNX', KEYS[key], 'k', stamp())
    redis.call('PEXPIREAT', KEYS[key], ARGV[at])
    cold[#cold + 1] = key - 3
    cold[#cold + 1] = redis.call('HGET', KEYS[key], 'k')
  end
  counters[#counters + 1] = { values = values, at = at, claims = claims }
  at = at + 2 + claims * 5
end
if #cold > 0 then return { -1, unpack(cold) } end

local denied = false
for _, counter in ipairs(counters) do
  for claim = 0, counter.claims - 1 do
    local base_at = counter.at + 2 + claim * 5
    local max = tonumber(ARGV[base_at + 1])
    local used, reserved = tonumber(counter.values[2 + claim * 2] or 0), tonumber(counter.values[3 + claim * 2] or 0)
    counter.values[2 + claim * 2], counter.values[3 + claim * 2] = used, reserved
    if max > 0 and ARGV[base_at + 2] == '1' then
      local base, per, room = tonumber(ARGV[base_at + 3]), tonumber(ARGV[base_at + 4]), max - used - reserved
      if math.ceil(base + per * granted) > room then
        if per == 0 then
          denied = true
        else
          local fitting = math.floor((room - base) / per)
          -- The division may round up by a hair, and a hair is an overshoot.
          if math.ceil(base + per * fitting) > room then fitting = fitting - 1 end
          granted = math.min(granted, fitting)
        end
      end
    end
  end
end

if denied or granted < least then
  local answer = { 0 }
  for _, counter in ipairs(counters) do
    for value = 2, 1 + counter.claims * 2 do answer[#answer + 1] = counter.values[value] end
  end
  return answer
end

local now = tonumber(ARGV[2]) or tonumber(stamp())
local deadline = math.floor(now / 1000) + tonumber(ARGV[4])
local member, versions, states = { ARGV[3] }, {}, {}
for index, counter in ipairs(counters) do
  local writes, amounts = {}, {}
  for claim = 0, counter.claims - 1 do
    local base_at = counter.at + 2 + claim * 5
    local amount = math.ceil(tonumber(ARGV[base_at + 3]) + tonumber(ARGV[base_at + 4]) * granted)
    local reserved = counter.values[3 + claim * 2] + amount
    writes[#writes + 1] = string.upper(ARGV[base_at])
    writes[#writes + 1] = reserved
    amounts[#amounts + 1] = ARGV[base_at] .. string.format('%.0f', amount)
    states[#states + 1] = counter.values[2 + claim * 2]
    states[#states + 1] = reserved
  end
  redis.call('HSET', KEYS[index + 2], unpack(writes))
  versions[#versions + 1] = counter.values[1]
  member[#member + 1] =
    table.concat({ KEYS[index + 2], ARGV[counter.at], counter.values[1], table.concat(amounts, ',') }, ' ')
end
redis.call('ZADD', KEYS[2], deadline, table.concat(member, '|'))

local answer = { 1, granted, deadline }
for _, version in ipairs(versions) do answer[#answer + 1] = version end
for _, state in ipairs(states) do answer[#answer + 1] = state end
return answer
