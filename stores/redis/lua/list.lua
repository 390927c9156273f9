-- list: digest
local digest = ARGV[1]
local answer = {now}
local fields = {}
local function flush()
  if #fields == 0 then
    return
  end
  local kept = redis.call('HMGET', sessions, unpack(fields))
  for i = 1, #kept, 2 do
    if kept[i] and kept[i + 1] then
      local _, _, expires = struct.unpack('>ddd', kept[i])
      if now < expires then
        answer[#answer + 1] = string.sub(fields[i], 2)
        answer[#answer + 1] = kept[i]
        answer[#answer + 1] = kept[i + 1]
      end
    end
  end
  fields = {}
end
for _, member in ipairs(redis.call('ZRANGE', order, 0, -1)) do
  if string.sub(member, 17) == digest then
    local id = string.sub(member, 1, 16)
    fields[#fields + 1] = 'm' .. id
    fields[#fields + 1] = 'p' .. id
    if #fields == 1000 then
      flush()
    end
  end
end
flush()
return answer
