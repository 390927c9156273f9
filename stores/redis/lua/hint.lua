-- hint tells those who watch which sessions have ended: by ID, which is the
-- end of each member, or in one word that is none for many. A publisher
-- without the right to has ended them all the same.
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
