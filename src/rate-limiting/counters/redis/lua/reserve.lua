-- Hold a call's amounts against every limit, or against none.
--
-- KEYS  1 the epoch, 2 the live reservations (sorted set, score = deadline in ms), 3… one hash a counter
-- ARGV  1 the epoch's name ('' = not asked for)  2 now in µs ('' = the server's own clock)  3 time to live in ms
--       4 least elastic part  5 largest elastic part  6 the hold's member for the largest, without its versions
--       then a counter: expiry in ms, n claims, 'g', n times (unit, UNIT), n times (max, amount for the largest elastic
--       part), and `base:per` of each claim, for a smaller part. A max of 0 denies nothing
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

local granted, states, cold, at = tonumber(ARGV[5]), {}, {}, 7

for key = 3, #KEYS do
  local claims = ARGV[at + 1]
  local state = redis.call('HMGET', KEYS[key], unpack(ARGV, at + 2, at + 2 + 2 * claims))
  if not state[1] then
    -- Always the server's own time: what stands for one load must never stand for another.
    local time = redis.call('TIME')
    redis.call('HSETNX', KEYS[key], 'k', time[1] .. string.format('%06d', time[2]))
    redis.call('PEXPIREAT', KEYS[key], ARGV[at])
    cold[#cold + 1] = key - 3
    cold[#cold + 1] = redis.call('HGET', KEYS[key], 'k')
  end
  states[key - 2] = state
  at = at + 4 + 4 * claims
end
if #cold > 0 then return { -1, unpack(cold) } end

local fits = true
at = 7
for _, state in ipairs(states) do
  local claims = ARGV[at + 1]
  local max_at = at + 3 + 2 * claims
  for claim = 0, claims - 1 do
    local max = tonumber(ARGV[max_at + 2 * claim])
    if max > 0 then
      local room = max - (state[2 + 2 * claim] or 0) - (state[3 + 2 * claim] or 0)
      if tonumber(ARGV[max_at + 1 + 2 * claim]) > room then fits = false end
    end
  end
  at = at + 4 + 4 * claims
end

local member = ARGV[6]
if not fits then
  local growth, parts = {}, { string.match(member, '^[^|]*') }
  at = 7
  for index, state in ipairs(states) do
    local claims, claim = ARGV[at + 1], 0
    growth[index] = {}
    for base, per in string.gmatch(ARGV[at + 3 + 4 * claims], '([^:,]+):([^:,]+)') do
      base, per = tonumber(base), tonumber(per)
      growth[index][claim] = { base, per }
      local max = tonumber(ARGV[at + 3 + 2 * claims + 2 * claim])
      local room = max - (state[2 + 2 * claim] or 0) - (state[3 + 2 * claim] or 0)
      if max > 0 and math.ceil(base + per * granted) > room then
        if per == 0 then return { 0, unpack(states) } end
        local fitting = math.floor((room - base) / per)
        -- The division may round up by a hair, and a hair is an overshoot.
        if math.ceil(base + per * fitting) > room then fitting = fitting - 1 end
        granted = math.min(granted, fitting)
      end
      claim = claim + 1
    end
    at = at + 4 + 4 * claims
  end
  if granted < tonumber(ARGV[4]) then return { 0, unpack(states) } end

  at = 7
  for index in ipairs(states) do
    local claims, held = ARGV[at + 1], {}
    for claim = 0, claims - 1 do
      local amount_at = at + 4 + 2 * claims + 2 * claim
      ARGV[amount_at] = string.format('%.0f', math.ceil(growth[index][claim][1] + growth[index][claim][2] * granted))
      held[claim + 1] = ARGV[at + 3 + 2 * claim] .. ARGV[amount_at]
    end
    parts[index + 1] = table.concat({ KEYS[index + 2], ARGV[at], table.concat(held, ',') }, ' ')
    at = at + 4 + 4 * claims
  end
  member = table.concat(parts, '|')
end

member, at = member .. '|', 7
for index, state in ipairs(states) do
  local claims, writes = ARGV[at + 1], {}
  for claim = 0, claims - 1 do
    writes[2 * claim + 1] = ARGV[at + 4 + 2 * claim]
    writes[2 * claim + 2] = (state[3 + 2 * claim] or 0) + ARGV[at + 4 + 2 * claims + 2 * claim]
  end
  redis.call('HSET', KEYS[index + 2], unpack(writes))
  member = member .. (index == 1 and '' or ' ') .. state[1]
  at = at + 4 + 4 * claims
end

local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local deadline = math.floor(now / 1000) + ARGV[3]
redis.call('ZADD', KEYS[2], deadline, member)
return { 1, granted, deadline, unpack(states) }
