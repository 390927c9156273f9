package redis_test

import (
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores/redis"
)

// These short names are for types that every test uses.
type (
	user  = coretest.User
	hooks = coretest.Hooks
)

var (
	serve    = coretest.Serve
	do       = coretest.Do
	together = coretest.Together
	owner    = coretest.Owner
	listen   = coretest.Listen[*redis.Store]
	hears    = coretest.Hears
	says     = coretest.Says
)

// patience bounds how long tests wait for servers.
const patience = 30 * time.Second

// rest is for loops that poll a server. It leaves the processor to the server.
func rest() { <-time.After(10 * time.Millisecond) }
