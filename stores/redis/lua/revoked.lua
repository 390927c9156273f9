-- This script keeps which sessions of cookie stores must be refused: a hash,
-- and its fields in the order of their end. Neither has a time to live, so only
-- the policies allkeys-* evict them. A new hash is a new era. A session's field
-- holds the name of the call that ended it. An identity's field holds its mark,
-- the mark's time, and the name and the answer of the call that left it.
local marks, due = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local op, keep, fresh, call, field = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]

-- parse returns a mark and its time, or 0 and 0. A mark from the future counts as
-- now: the clock was set back. The third result tells that. The last one is the
-- rest of the field.
local function parse(kept)
  local mark, at, rest = string.match(kept or '', '^(%d+) (%d+)(.*)$')
  mark, at = tonumber(mark) or 0, tonumber(at) or 0
  return mark, math.min(at, now), at > now, rest
end

local function ago(at)
  if at == 0 then
    return -1
  end
  return now - at
end

local answer = {}
if op == 'check' then -- of a session and its identity, then of the next
  local found = redis.call('HMGET', marks, 'e', unpack(ARGV, 5))
  if not found[1] then -- a server that is full refuses even a HSETNX that changes nothing
    redis.call('HSETNX', marks, 'e', fresh)
    found[1] = fresh
  end
  answer[1] = tonumber(found[1])
  for i = 2, #found, 2 do
    local mark, at, late, rest = parse(found[i + 1])
    if late then -- else it would be in force until the clock has caught up
      redis.pcall('HSET', marks, ARGV[i + 4], string.format('%.0f %.0f%s', mark, at, rest))
    end
    answer[#answer + 1] = found[i] and 1 or 0
    answer[#answer + 1] = mark
    answer[#answer + 1] = ago(at)
  end
else
  redis.call('HSETNX', marks, 'e', fresh)
  if op == 'end' then
    local first = redis.call('HSETNX', marks, field, call)
    if first == 0 and call ~= '0' and redis.call('HGET', marks, field) == call then
      first = 1 -- the same call again, whose answer was lost
    end
    answer = {first}
    redis.call('ZADD', due, 'GT', now + keep, field) -- never sooner than told before
  else
    local old, at, _, rest = parse(redis.call('HGET', marks, field))
    local by, since, before = string.match(rest or '', '^ (%S+) (%S+) (%S+)$')
    if by == call and call ~= '0' then -- the same call again, whose answer was lost
      answer = {old, tonumber(since), tonumber(before)}
    else
      local mark = math.max(now, old + 1)
      redis.call('HSET', marks, field, string.format('%.0f %.0f %s %.0f %.0f', mark, now, call, ago(at), old))
      redis.call('ZADD', due, 'GT', now + keep, field)
      answer = {mark, ago(at), old}
    end
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
