-- probe runs where session scripts run and tells what that server is
return redis.call('INFO', 'replication')
