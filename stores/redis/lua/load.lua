-- load: id [proof]
local id, proof = ARGV[1], ARGV[2]
local kept = redis.call('HMGET', sessions, 'm' .. id, 'p' .. id)
local meta = kept[1]
if not meta then
  return false
end
local version, seen, expires, deadline, idle = struct.unpack('>ddddd', meta)
if now >= expires then
  return false
end
if proof and now - seen >= idle / 10 and string.sub(kept[2], 1, #proof) == proof then
  -- A server that takes no writes, for want of memory or of replicas, is still
  -- one to read from.
  expires = math.min(now + idle, deadline)
  meta = extend(redis.pcall, id, meta, version, now, expires, deadline, idle) or meta
end
return {now, meta, kept[2]}
