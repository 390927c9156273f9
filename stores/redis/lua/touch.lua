-- touch: id idle
local id, idle = ARGV[1], tonumber(ARGV[2])
local meta = redis.call('HGET', sessions, 'm' .. id)
if not meta then
  return false
end
local version, seen, was, deadline = struct.unpack('>dddd', meta)
local expires = was
if now >= expires then
  return false
end
-- A full server refuses the first write of a script that needs memory, and
-- allows those after another write. This one changes nothing, and an extension
-- takes no memory.
redis.call('HDEL', sessions, '')
if now - seen >= idle / 20 then
  expires = math.min(now + idle, deadline)
  extend(id, meta, nil, version, now, was, expires, deadline, idle)
end
return expires
