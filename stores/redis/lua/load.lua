-- load: id
local id = ARGV[1]

-- A replica may not know yet which sessions have ended, and a client may be
-- configured to read from one. This command changes nothing, and replicas
-- refuse it. A primary that refuses writes, because it lacks replicas or a
-- disk, can still be read from.
local refused = redis.pcall('HDEL', sessions, '')
if type(refused) == 'table' and not string.find(refused.err, 'NOREPLICAS', 1, true) and not string.find(refused.err, 'MISCONF', 1, true) then
  return refused
end

local kept = redis.call('HMGET', sessions, 'm' .. id, 'p' .. id)
local meta = kept[1]
if not meta then
  local at = expiry and redis.call('ZSCORE', expiry, id)
  if at and now < tonumber(at) then -- the server has evicted it; said once
    redis.pcall('ZREM', expiry, id)
    return {now}
  end
  return false
end
local _, _, expires = struct.unpack('>ddd', meta)
if now >= expires then
  return false
end
return {now, meta, kept[2]}
