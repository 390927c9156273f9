-- drop removes sessions, given by their members of the order: digest of the
-- identity, place, ID. The life of the keys is left as it is: it ends with the
-- longest session that the group has had.
local function drop(members)
  for from = 1, #members, 1000 do
    local fields, ids, some = {}, {}, {}
    for i = from, math.min(from + 999, #members) do
      local id = string.sub(members[i], 25)
      fields[#fields + 1] = 'm' .. id
      fields[#fields + 1] = 'p' .. id
      ids[#ids + 1] = id
      some[#some + 1] = members[i]
    end
    redis.call('HDEL', sessions, unpack(fields))
    redis.call('ZREM', expiry, unpack(ids))
    redis.call('ZREM', order, unpack(some))
  end
end
