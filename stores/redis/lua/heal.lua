-- heal removes what has expired. A server that evicts may have taken one key of
-- a group and left the others: then the sessions cannot be found by identity
-- any more, so none of them may stay. It returns whether that was so.
local function heal()
  local there = redis.call('EXISTS', sessions, expiry, order)
  if there ~= 0 and there ~= 3 then
    redis.call('UNLINK', sessions, expiry, order)
    return 1
  end
  drop(redis.call('ZRANGEBYSCORE', expiry, '-inf', now))
  return 0
end
