-- A group's keys live until the end of a span of 8.4 seconds, in microseconds,
-- in which its longest session expires. So an update soon after the last one
-- need not set their lives again.
local span = 8388608

-- extend sets the payload, if there is one, and the times of a session: in its
-- own fields, in the index, and as the life of the keys. was is when it expired
-- until now, nil for a new session. Sessions without identity are alone in
-- their group and have no index.
local function extend(id, meta, payload, version, seen, was, expires, deadline, idle)
  local rest = string.sub(meta, 41)
  meta = struct.pack('>ddddd', version, seen, expires, deadline, idle) .. rest
  if payload then
    redis.call('HSET', sessions, 'p' .. id, payload, 'm' .. id, meta)
  else
    redis.call('HSET', sessions, 'm' .. id, meta)
  end
  if rest == '' then
    redis.call('PEXPIREAT', sessions, math.ceil(expires / 1000))
    return
  end
  -- Each write so far kept the keys until the end of the span that the session
  -- had. In the same span they need no longer life, unless the index is new
  -- because the server has evicted it.
  local new = redis.call('ZADD', expiry, expires, id)
  if new == 0 and was and math.floor(was / span) == math.floor(expires / span) then
    return
  end
  local last = redis.call('ZREVRANGE', expiry, 0, 0, 'WITHSCORES')
  local at = math.ceil((math.floor(last[2] / span) + 1) * span / 1000)
  redis.call('PEXPIREAT', sessions, at)
  redis.call('PEXPIREAT', expiry, at)
  redis.call('PEXPIREAT', order, at)
end
