package redis_test

import (
	"time"

	"github.com/humasess/sessions/internal/coretest"
)

// Short names for what every test uses.
type (
	user  = coretest.User
	hooks = coretest.Hooks
)

var (
	serve    = coretest.Serve
	do       = coretest.Do
	n        = coretest.N
	together = coretest.Together
	owner    = coretest.Owner
)

// patience bounds what waits for servers.
const patience = 30 * time.Second

// rest is for loops that ask a server until it has got somewhere, and leaves
// the processor to it.
func rest() { <-time.After(10 * time.Millisecond) }
