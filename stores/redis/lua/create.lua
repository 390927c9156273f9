-- create: digest id payload idle absolute identity limit notafter retention
-- mode age channel replaced…
-- An anonymous session has the digest ''. A negative limit refuses where a
-- positive one ends the oldest. Mode 'first' ends nothing: the script finish
-- does so later. It answers false if a session is gone that must not be, 0 if
-- that has another version, 1 if the ID is taken, 2 over the limit, 3 if the
-- identity was revoked no longer ago than age, and 4 if it was changed.
local id, payload, idle, deadline = ARGV[2], ARGV[3], tonumber(ARGV[4]), now + ARGV[5]
local identity, limit, retention, mode = ARGV[6], tonumber(ARGV[7]), ARGV[9], ARGV[10]

local old = redis.call('HGET', sessions, 'm' .. id)
if old then
  local _, _, expires = struct.unpack('>ddd', old)
  if now < expires then
    return 1
  end
end
if ARGV[8] ~= '' then
  deadline = math.min(deadline, tonumber(ARGV[8]))
  if deadline <= now then
    return false
  end
end
local expires = math.min(now + idle, deadline)
local m = {0, 0, 0, 0}
if digest ~= '' then
  m = marks(KEYS[4])
  if settle(m) then
    keep(KEYS[4], m, retention)
  end
end
local at, name = revoked(m, retention)
local oldest = tonumber(ARGV[11])
if oldest > 0 and at > 0 and ago(at) <= oldest then
  return 3
end
if oldest > 0 and m[4] ~= 0 and ago(m[3]) <= oldest then
  return 4
end
if digest == '' then
  extend(id, '', payload, 1, now, nil, expires, deadline, idle)
  return {now, expires, deadline, ago(at), 0, 0, name, -1, 0, 0}
end

local lost, more = heal(), sweep()
local ended, own = replaced(13)
if not ended then
  return own
end
local over, evicted = 0, 0
if limit ~= 0 then
  over = math.max(0, excess(math.abs(limit) - 1 + own, more))
  if over > 0 and limit < 0 then
    return 2
  end
end
-- The new session is written before others end: a server that is full refuses
-- the first write of a script that needs memory, and allows those after another
-- write. Sessions keep the order of their creation when the clock is set back.
local place = now
local newest = redis.call('ZREVRANGEBYLEX', order, to, from, 'LIMIT', 0, 1)
if newest[1] then
  place = math.max(place, struct.unpack('>d', string.sub(newest[1], 17, 24)) + 1)
end
place = digest .. struct.pack('>d', place)
redis.call('ZADD', order, 0, place .. id)
extend(id, string.rep('.', 40) .. place .. identity, payload, 1, now, nil, expires, deadline, idle)
if mode == 'first' then
  hint(ARGV[12], {}, lost > 0)
else
  evicted, over = finish(ended, over, ARGV[12], lost > 0), 0
end

return {now, expires, deadline, ago(at), evicted, lost, name, ago(m[3]), m[4], over}
