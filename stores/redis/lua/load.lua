-- load: id [proof]
local id, proof = ARGV[1], ARGV[2]

-- A replica does not know yet who has logged out, and a client may be set up
-- to read from one. This changes nothing, and replicas refuse it. A primary
-- that takes no writes, for want of replicas or of a disk, is still one to
-- read from.
local refused = redis.pcall('HDEL', sessions, '')
if type(refused) == 'table' and not string.find(refused.err, 'NOREPLICAS', 1, true) and not string.find(refused.err, 'MISCONF', 1, true) then
  return refused
end

local kept = redis.call('HMGET', sessions, 'm' .. id, 'p' .. id)
local meta = kept[1]
if not meta then
  local at = redis.call('ZSCORE', expiry, id)
  if at and now < tonumber(at) then -- the server has evicted it; said once
    redis.pcall('ZREM', expiry, id)
    return {now}
  end
  return false
end
local version, seen, expires, deadline, idle = struct.unpack('>ddddd', meta)
if now >= expires then
  return false
end
if proof and now - seen >= idle / 10 and string.sub(kept[2], 1, #proof) == proof then
  expires = math.min(now + idle, deadline)
  meta = extend(redis.pcall, id, meta, version, now, expires, deadline, idle) or meta
end
return {now, meta, kept[2]}
