-- delete: id version digest channel; version 0 and digest '' are any
local id, want, digest = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local meta = redis.call('HGET', sessions, 'm' .. id)
if not meta then
  return false
end
local version, _, expires = struct.unpack('>ddd', meta)
local place = string.sub(meta, 41, 64)
if now >= expires or digest ~= '' and digest ~= string.sub(place, 1, 16) then
  return false
end
if want ~= 0 and want ~= version then
  return 0
end
if place == '' then
  redis.call('DEL', sessions)
else
  drop({place .. id})
end
hint(ARGV[4], {id})
return 1
