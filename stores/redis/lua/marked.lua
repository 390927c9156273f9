-- marked returns how long ago an identity was revoked, or everybody, and the
-- mark of that, or -1 and 0. The mark of everybody is one key for each slot:
-- what is after its time is what Clear has chosen for all of them.
local everybody = KEYS[#KEYS]
local function marked(own)
  local at = tonumber(own and redis.call('GET', own)) or 0
  local number = at
  local all, chosen = string.match(redis.call('GET', everybody) or '', '^(%d+) (%d+)$')
  if all and tonumber(all) >= at then
    at, number = tonumber(all), tonumber(chosen)
  end
  if at == 0 then
    return -1, 0
  end
  return math.max(0, now - at), number
end
