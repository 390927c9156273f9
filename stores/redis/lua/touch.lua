-- touch: id idle
local id, idle = ARGV[1], tonumber(ARGV[2])
local meta = redis.call('HGET', sessions, 'm' .. id)
if not meta then
  return false
end
local version, seen, expires, deadline = struct.unpack('>dddd', meta)
if now >= expires then
  return false
end
if now - seen >= idle / 10 then
  expires = math.min(now + idle, deadline)
  extend(redis.call, id, meta, version, now, expires, deadline, idle)
end
return expires
