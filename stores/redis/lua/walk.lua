-- walk: mode head after most id channel It visits at most most sessions of a
-- group, after a member of the order. Mode 'scan' returns the sessions with
-- head, 'count' their number, and 'clear' ends them. id is that of an anonymous
-- session, which is alone in its group, otherwise ''.
local mode, head, after, most, id = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local members = {string.rep('.', 24) .. id}
if id == '' then
  members = redis.call('ZRANGEBYLEX', order, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, most)
end
local answer = {now, '', 0}
if #members == 0 then
  return answer
end
if id == '' and #members == most then
  answer[2] = members[most]
end
local fields, gone = {}, {}
for _, member in ipairs(members) do
  local name = string.sub(member, 25)
  fields[#fields + 1] = 'm' .. name
  fields[#fields + 1] = 'p' .. name
end
local kept = redis.call('HMGET', sessions, unpack(fields))
for i, member in ipairs(members) do
  local meta, payload = kept[2 * i - 1], kept[2 * i]
  if meta and payload and string.sub(payload, 1, #head) == head then
    local _, _, expires = struct.unpack('>ddd', meta)
    if now < expires then
      answer[3] = answer[3] + 1
      gone[#gone + 1] = member
      if mode == 'scan' then
        answer[#answer + 1] = string.sub(member, 25)
        answer[#answer + 1] = meta
        answer[#answer + 1] = payload
      end
    end
  end
end
if mode == 'clear' and #gone > 0 then
  if id == '' then
    drop(gone)
  else
    redis.call('UNLINK', sessions)
  end
  hint(ARGV[6], gone)
end
return answer
