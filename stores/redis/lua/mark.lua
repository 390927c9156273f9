-- mark: name retention; leaves the mark of a change
local m = marks(KEYS[1])
settle(m)
local before = ago(m[3])
m[3], m[4] = now, tonumber(ARGV[1])
keep(KEYS[1], m, ARGV[2])
return {before, m[4]}
