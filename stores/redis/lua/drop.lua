-- drop removes members of the index with their sessions. A member is an ID and
-- a digest of the identity. The life of the keys is left as it is: it ends with
-- the longest session that the group has had.
local function drop(members)
  local counts = {}
  for from = 1, #members, 1000 do
    local fields, some = {}, {}
    for i = from, math.min(from + 999, #members) do
      local id, digest = string.sub(members[i], 1, 16), string.sub(members[i], 17)
      fields[#fields + 1] = 'm' .. id
      fields[#fields + 1] = 'p' .. id
      some[#some + 1] = members[i]
      counts[digest] = (counts[digest] or 0) + 1
    end
    redis.call('HDEL', sessions, unpack(fields))
    redis.call('ZREM', expiry, unpack(some))
    redis.call('ZREM', order, unpack(some))
  end
  for digest, n in pairs(counts) do
    if redis.call('HINCRBY', sessions, 'n' .. digest, -n) < 1 then
      redis.call('HDEL', sessions, 'n' .. digest)
    end
  end
end
