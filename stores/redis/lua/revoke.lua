-- revoke: digest except retention name channel; the empty except spares none
local except = ARGV[2]
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
hint(ARGV[5], gone, lost > 0)
local m = marks(KEYS[4])
settle(m)
local before = ago((revoked(m, ARGV[3])))
m[1], m[2] = now, tonumber(ARGV[4])
keep(KEYS[4], m, ARGV[3])
return {#gone, before, lost, m[2]}
