-- Forget what counters stand at, so that the next call loads them from the ledger. What is reserved stays.
--
-- KEYS  one hash a counter
for key = 1, #KEYS do redis.call('HDEL', KEYS[key], 'g', 'k') end
return 1
