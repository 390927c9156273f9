-- Which sessions of cookie stores must not be accepted: a hash, and its fields
-- by when they are due. Neither has a time to live, so that no policy but
-- allkeys-* evicts them. Without the hash there is a new era. An identity's
-- field holds the name of its mark and the mark's time.
local marks, due = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local op, keep, fresh, field = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]

-- parse returns the name and the time of a mark, or 0 and 0. A mark from the
-- future counts as now: the clock was set back. The third result tells that.
local function parse(kept)
  local name, at = string.match(kept or '', '^(%d+) (%d+)$')
  name, at = tonumber(name) or 0, tonumber(at) or 0
  return name, math.min(at, now), at > now
end

local function ago(at)
  if at == 0 then
    return -1
  end
  return now - at
end

local answer = {}
if op == 'check' then -- of a session and its identity, then of the next
  local found = redis.call('HMGET', marks, 'e', unpack(ARGV, 4))
  if not found[1] then -- a server that is full refuses even a HSETNX that changes nothing
    redis.call('HSETNX', marks, 'e', fresh)
    found[1] = fresh
  end
  answer[1] = tonumber(found[1])
  for i = 2, #found, 2 do
    local name, at, late = parse(found[i + 1])
    if late then -- else it would be in force until the clock has caught up
      redis.pcall('HSET', marks, ARGV[i + 3], string.format('%.0f %.0f', name, at))
    end
    answer[#answer + 1] = found[i] and 1 or 0
    answer[#answer + 1] = name
    answer[#answer + 1] = ago(at)
  end
else
  redis.call('HSETNX', marks, 'e', fresh)
  if op == 'end' then
    answer = {redis.call('HSETNX', marks, field, 1)}
    redis.call('ZADD', due, 'GT', now + keep, field) -- never sooner than told before
  else
    local old, at = parse(redis.call('HGET', marks, field))
    local name = math.max(now, old + 1)
    redis.call('HSET', marks, field, string.format('%.0f %.0f', name, now))
    redis.call('ZADD', due, 'GT', now + keep, field)
    answer = {name, ago(at), old}
  end
end

-- Each call removes more than it adds, so that memory is bounded by the marks
-- that are not due. Checks do so as well, for a store without writes.
local over = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 10)
for _, f in ipairs(over) do
  redis.pcall('HDEL', marks, f)
  redis.pcall('ZREM', due, f)
end
return answer
