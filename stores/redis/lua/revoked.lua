-- Which sessions of cookie stores must not be accepted: a hash, and its fields
-- by when they are due. Neither has a time to live, so that no policy but
-- allkeys-* evicts them. Without the hash there is a new era.
local marks, due = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local op, keep, fresh, field = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
redis.call('HSETNX', marks, 'e', fresh)
local answer = {}
if op == 'check' then -- of a session and its identity, then of the next
  local found = redis.call('HMGET', marks, 'e', unpack(ARGV, 4))
  answer[1] = tonumber(found[1])
  for i = 2, #found, 2 do
    local mark, ago = tonumber(found[i + 1]) or 0, -1
    if mark > 0 then
      ago = math.max(0, now - mark)
    end
    answer[#answer + 1] = found[i] and 1 or 0
    answer[#answer + 1] = mark
    answer[#answer + 1] = ago
  end
  return answer
end
if op == 'end' then
  answer = {redis.call('HSETNX', marks, field, 1)}
else
  local old = tonumber(redis.call('HGET', marks, field)) or 0
  local mark, ago = math.max(now, old + 1), -1
  if old > 0 then
    ago = math.max(0, now - old)
  end
  redis.call('HSET', marks, field, string.format('%.0f', mark))
  answer = {mark, ago}
end
if op ~= 'end' or answer[1] == 1 then
  redis.call('ZADD', due, now + keep, field)
end
local over = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 10)
for _, f in ipairs(over) do
  redis.call('HDEL', marks, f)
  redis.call('ZREM', due, f)
end
return answer
