-- extend sets the times of a session: in its own fields, in the index, and as
-- the life of the keys. It returns the new form of the times, or nil when
-- its first write, which is made by call, was refused. Sessions without identity are alone
-- in their group and have no index.
local function extend(call, id, meta, version, seen, expires, deadline, idle)
  local rest = string.sub(meta, 41)
  meta = struct.pack('>ddddd', version, seen, expires, deadline, idle) .. rest
  local done = call('HSET', sessions, 'm' .. id, meta)
  if type(done) == 'table' then
    return nil
  end
  if rest == '' then
    redis.call('PEXPIREAT', sessions, math.ceil(expires / 1000))
    return meta
  end
  redis.call('ZADD', expiry, expires, id)
  local last = redis.call('ZREVRANGE', expiry, 0, 0, 'WITHSCORES')
  local at = math.ceil(last[2] / 1000)
  redis.call('PEXPIREAT', sessions, at)
  redis.call('PEXPIREAT', expiry, at)
  redis.call('PEXPIREAT', order, at)
  return meta
end
