-- create: id payload idle absolute [digest identity limit]
local mark = KEYS[4]
local id, payload, idle, deadline = ARGV[1], ARGV[2], tonumber(ARGV[3]), now + ARGV[4]
local digest, identity, limit = ARGV[5], ARGV[6], tonumber(ARGV[7])

local old = redis.call('HGET', sessions, 'm' .. id)
if old then
  local _, _, expires = struct.unpack('>ddd', old)
  if now < expires then
    return false
  end
end
local expires = math.min(now + idle, deadline)
if not digest then
  redis.call('HSET', sessions, 'p' .. id, payload)
  extend(redis.call, id, '', 1, now, expires, deadline, idle)
  return {now, expires, deadline, -1, 0, 0, 0}
end

local evicted, lost = {}, heal()
if limit > 0 then
  local over = (tonumber(redis.call('HGET', sessions, 'n' .. digest)) or 0) + 1 - limit
  local from = 0
  while #evicted < over do
    local page = redis.call('ZRANGE', order, from, from + 99)
    for _, member in ipairs(page) do
      if #evicted < over and string.sub(member, 17) == digest then
        evicted[#evicted + 1] = member
      end
    end
    if #page == 0 then
      break
    end
    from = from + #page
  end
  drop(evicted)
end

-- Sessions keep the order of their creation when the clock is set back.
local place = now
local newest = redis.call('ZREVRANGE', order, 0, 0, 'WITHSCORES')
if newest[2] and tonumber(newest[2]) >= place then
  place = newest[2] + 1
end
redis.call('ZADD', order, place, id .. digest)
redis.call('HINCRBY', sessions, 'n' .. digest, 1)
redis.call('HSET', sessions, 'p' .. id, payload)
extend(redis.call, id, string.rep('.', 40) .. digest .. identity, 1, now, expires, deadline, idle)

local revoked = redis.call('GET', mark)
local ago = -1
if revoked then
  ago = math.max(0, now - revoked)
end
return {now, expires, deadline, ago, #evicted, lost, tonumber(revoked or 0)}
