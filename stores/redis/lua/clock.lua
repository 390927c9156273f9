-- The keys of one group, all in one slot, and the server's clock in
-- microseconds. An anonymous session has the first key only.
local sessions, expiry, order = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
