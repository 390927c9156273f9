-- hint publishes which sessions have ended. Each message is an ID, which is the
-- end of a member. An empty message stands for many. A client without the right
-- to publish has still ended them.
local function hint(channel, members, all)
  if not channel or channel == '' then
    return
  end
  if all or #members > 64 then
    redis.pcall('PUBLISH', channel, '')
    return
  end
  for _, member in ipairs(members) do
    redis.pcall('PUBLISH', channel, string.sub(member, -16))
  end
end
