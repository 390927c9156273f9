-- list: digest
local answer = {now}
local members = redis.call('ZRANGEBYLEX', order, from, to)
for first = 1, #members, 500 do
  local fields = {}
  for i = first, math.min(first + 499, #members) do
    local id = string.sub(members[i], 25)
    fields[#fields + 1] = 'm' .. id
    fields[#fields + 1] = 'p' .. id
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
end
return answer
