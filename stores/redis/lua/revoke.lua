-- revoke: digest except retention channel; the empty except is nobody
local mark, except = KEYS[4], ARGV[2]
local lost = heal()
while sweep() do end
local gone = {}
for _, member in ipairs(redis.call('ZRANGEBYLEX', order, from, to)) do
  if string.sub(member, 25) ~= except then
    gone[#gone + 1] = member
  end
end
if #gone == redis.call('ZCARD', order) then
  redis.call('UNLINK', sessions, expiry, order)
else
  drop(gone)
end
hint(ARGV[4], gone, lost > 0)
local ago = marked(mark)
redis.call('SET', mark, string.format('%.0f', now), 'PX', ARGV[3])
return {#gone, ago, lost, now}
