-- revoke: digest except retention; the empty except is nobody
local mark = KEYS[4]
local digest, except = ARGV[1], ARGV[2]
local lost = heal()
local all = redis.call('ZRANGE', order, 0, -1)
local gone = {}
for _, member in ipairs(all) do
  if string.sub(member, 17) == digest and string.sub(member, 1, 16) ~= except then
    gone[#gone + 1] = member
  end
end
if #gone == #all then
  redis.call('UNLINK', sessions, expiry, order)
else
  drop(gone)
end
local before = redis.call('GET', mark)
local ago = -1
if before then
  ago = math.max(0, now - before)
end
redis.call('SET', mark, string.format('%.0f', now), 'PX', ARGV[3])
return {#gone, ago, lost, now}
