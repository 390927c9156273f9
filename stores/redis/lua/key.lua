-- key: mine; returns the key of session IDs that is in force. The first
-- process stores its own. A later process stores it again after a loss.
local kept = redis.call('GET', KEYS[1])
if kept then
  return kept
end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
