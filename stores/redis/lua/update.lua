-- update: id version payload idle absolute shorten; a time of 0 stays as it is,
-- and shorten is 1 if the deadline must not move later
local id, want, payload = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local meta = redis.call('HGET', sessions, 'm' .. id)
if not meta then
  return false
end
local version, seen, was, deadline, idle = struct.unpack('>ddddd', meta)
local expires = was
if now >= expires then
  return false
end
if version ~= want then
  return 0
end
if ARGV[5] ~= '0' then
  local latest = now + ARGV[5]
  if ARGV[6] == '1' then
    latest = math.min(latest, deadline)
  end
  deadline = latest
end
if ARGV[4] ~= '0' then
  idle = tonumber(ARGV[4])
  seen, expires = now, now + idle
end
expires = math.min(expires, deadline)
extend(id, meta, payload, version + 1, seen, was, expires, deadline, idle)
return {now, version + 1, expires, deadline}
