-- create: digest id payload idle absolute identity limit channel; digest '' is nobody,
-- and a negative limit refuses where a positive one makes others give way
local id, payload, idle, deadline = ARGV[2], ARGV[3], tonumber(ARGV[4]), now + ARGV[5]
local identity, limit = ARGV[6], tonumber(ARGV[7])

local old = redis.call('HGET', sessions, 'm' .. id)
if old then
  local _, _, expires = struct.unpack('>ddd', old)
  if now < expires then
    return false
  end
end
local expires = math.min(now + idle, deadline)
if digest == '' then
  redis.call('HSET', sessions, 'p' .. id, payload)
  extend(redis.call, id, '', 1, now, expires, deadline, idle)
  local ago, number = marked(nil)
  return {now, expires, deadline, ago, 0, 0, number}
end

local lost, evicted = heal(), {}
local more = sweep()
if limit ~= 0 then
  local most = math.abs(limit)
  local over = redis.call('ZLEXCOUNT', order, from, to) + 1 - most
  while over > 0 and more do -- what has expired must not count
    more = sweep()
    over = redis.call('ZLEXCOUNT', order, from, to) + 1 - most
  end
  if over > 0 then
    if limit < 0 then
      return 0
    end
    evicted = redis.call('ZRANGEBYLEX', order, from, to, 'LIMIT', 0, over)
    drop(evicted)
  end
end
hint(ARGV[8], evicted, lost > 0)

-- Sessions keep the order of their creation when the clock is set back.
local place = now
local newest = redis.call('ZREVRANGEBYLEX', order, to, from, 'LIMIT', 0, 1)
if newest[1] then
  place = math.max(place, struct.unpack('>d', string.sub(newest[1], 17, 24)) + 1)
end
place = digest .. struct.pack('>d', place)
redis.call('ZADD', order, 0, place .. id)
redis.call('HSET', sessions, 'p' .. id, payload)
extend(redis.call, id, string.rep('.', 40) .. place .. identity, 1, now, expires, deadline, idle)

local ago, number = marked(KEYS[4])
return {now, expires, deadline, ago, #evicted, lost, number}
