-- replaced reads the sessions of this group that a create ends. They are the
-- arguments from the index first on: ID, version and 1 if it may be gone. It
-- returns their members of the order and the number of those of the identity;
-- or nil and the answer of the script.
local function replaced(first)
  local members, own = {}, 0
  for i = first, #ARGV, 3 do
    local meta = redis.call('HGET', sessions, 'm' .. ARGV[i])
    local version, _, expires = 0, 0, 0
    if meta then
      version, _, expires = struct.unpack('>ddd', meta)
    end
    if now >= expires then
      if ARGV[i + 2] ~= '1' then
        return nil, false
      end
    elseif ARGV[i + 1] ~= '0' and tonumber(ARGV[i + 1]) ~= version then
      return nil, 0
    else
      local place = string.sub(meta, 41, 64)
      members[#members + 1] = place .. ARGV[i]
      if string.sub(place, 1, 16) == digest then
        own = own + 1
      end
    end
  end
  return members, own
end

-- excess returns how many sessions of the identity are beyond most. Those that
-- have expired must not count, so it sweeps while more says that there may be some.
local function excess(most, more)
  local over = redis.call('ZLEXCOUNT', order, from, to) - most
  while over > 0 and more do
    more = sweep()
    over = redis.call('ZLEXCOUNT', order, from, to) - most
  end
  return over
end

-- finish ends these sessions, and the oldest of the identity so that over give
-- way. It returns how many have given way.
local function finish(ended, over, channel, all)
  drop(ended)
  local evicted = {}
  if over > 0 then
    evicted = redis.call('ZRANGEBYLEX', order, from, to, 'LIMIT', 0, over)
    drop(evicted)
  end
  hint(channel, ended, all)
  hint(channel, evicted)
  return #evicted
end
