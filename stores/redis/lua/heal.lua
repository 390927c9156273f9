-- sweep removes sessions that have expired, a hundred at most, and returns
-- whether there may be more.
local function sweep()
  local ids = redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, 100)
  if #ids == 0 then
    return false
  end
  local fields, members = {}, {}
  for i, id in ipairs(ids) do
    fields[i] = 'm' .. id
  end
  for i, meta in ipairs(redis.call('HMGET', sessions, unpack(fields))) do
    if meta then
      members[#members + 1] = string.sub(meta, 41, 64) .. ids[i]
    else
      redis.call('ZREM', expiry, ids[i])
    end
  end
  drop(members)
  return #ids == 100
end

-- heal checks that the three keys of a group agree. A server that evicts keys
-- may have removed one of them and left the others. Then some sessions cannot
-- be found by identity any more, so heal removes all. It returns whether it did
-- so.
local function heal()
  local count = redis.call('ZCARD', order)
  if redis.call('ZCARD', expiry) == count and redis.call('HLEN', sessions) == 2 * count then
    return 0
  end
  redis.call('UNLINK', sessions, expiry, order)
  return 1
end
