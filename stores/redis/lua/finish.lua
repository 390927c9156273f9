-- finish: digest limit channel replaced…
-- This is the second part of a create in mode 'first'. In between, sessions of
-- other groups were ended. It answers as create does.
local limit = tonumber(ARGV[2])
local ended, own = replaced(4)
if not ended then
  return own
end
local over = 0
if limit > 0 then
  over = excess(limit + own, true)
end
return {finish(ended, over, ARGV[3])}
