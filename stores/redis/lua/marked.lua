-- The key of an identity's marks holds four numbers: the time and the name of
-- its last revocation, then of its last change. 0 stands for none.
local function marks(key)
  local m = {string.match(redis.call('GET', key) or '', '^(%d+) (%d+) (%d+) (%d+)$')}
  for i = 1, 4 do
    m[i] = tonumber(m[i]) or 0
  end
  return m
end

local function keep(key, m, retention)
  redis.call('SET', key, string.format('%.0f %.0f %.0f %.0f', unpack(m)), 'PX', retention)
end

-- settle moves marks from the future to now and reports whether there were
-- any. The server's clock was set back then. Such a mark would otherwise be in
-- force until the clock has caught up with it. The names stay.
local function settle(m)
  local late = m[1] > now or m[3] > now
  m[1], m[3] = math.min(m[1], now), math.min(m[3], now)
  return late
end

local function ago(at)
  if at == 0 then
    return -1
  end
  return now - at
end

-- revoked returns the time and the name of the last revocation: that of m, or
-- that of all identities, or 0 and 0. The latter is one key for each slot. The
-- name in it is the same in all slots.
local everybody = KEYS[#KEYS]
local function revoked(m, retention)
  local at, name = string.match(redis.call('GET', everybody) or '', '^(%d+) (%d+)$')
  at, name = tonumber(at) or 0, tonumber(name) or 0
  if at > now then
    at = now
    redis.call('SET', everybody, string.format('%.0f %.0f', at, name), 'PX', retention)
  end
  if at == 0 or at < m[1] then
    return m[1], m[2]
  end
  return at, name
end
