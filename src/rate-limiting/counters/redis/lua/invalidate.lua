-- Forget what counters stand at, so that the next call loads them from the ledger. What is reserved stays.
--
-- KEYS  one packed string a counter
for index, raw in ipairs(redis.call('MGET', unpack(KEYS))) do
  -- The first number becomes 0; where it is 0, one byte, there is nothing to forget.
  if raw and string.byte(raw) ~= 0 then
    redis.call('SET', KEYS[index], '\0' .. string.sub(raw, 10), 'KEEPTTL')
  end
end
return 1
