-- Forget what every counter stands at, a part at a time. What is reserved stays.
--
-- KEYS  1 the live reservations: all keys carry its hash tag
-- ARGV  1 the cursor, 0 to begin  2 how many keys to look at  3… what counters' keys begin with
-- Returns the next cursor, 0 at the end
local answer = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[2])
for _, key in ipairs(answer[2]) do
  for at = 3, #ARGV do
    local raw = string.sub(key, 1, #ARGV[at]) == ARGV[at] and redis.call('GET', key)
    if raw and string.byte(raw) ~= 0 then
      redis.call('SET', key, '\0' .. string.sub(raw, 10), 'KEEPTTL')
    end
  end
end
return answer[1]
