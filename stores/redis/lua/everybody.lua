-- everybody: mark retention
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('SET', KEYS[1], now .. ' ' .. ARGV[1], 'PX', ARGV[2])
return 1
