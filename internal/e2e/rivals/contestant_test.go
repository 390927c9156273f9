package rivals_test

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"
)

// Names of the requests that clients repeat. The first needs no session and has a
// session's cookie.
const (
	plain    = "operation without a session"
	noCookie = "no cookie"
	read     = "read"
	modify   = "modify"
)

// scenario is the request of a name.
type scenario struct {
	path     string
	signedIn bool
}

var (
	requests  = []string{plain, noCookie, read, modify}
	scenarios = map[string]scenario{
		plain:    {"/plain", true},
		noCookie: {"/read", false},
		read:     {"/read", true},
		modify:   {"/modify", true},
	}
)

// contestant is a subject in a scenario.
type contestant struct {
	subject subject
	clients []*client
	fastest time.Duration // for one request
}

// newContestant signs in inFlight clients.
func newContestant(tb testing.TB, s subject, to scenario, inFlight int) *contestant {
	tb.Helper()
	c := &contestant{subject: s, fastest: math.MaxInt64}
	for range inFlight {
		c.clients = append(c.clients, s.visit(tb, to.path, to.signedIn))
	}
	return c
}

// turn sends some requests of each client, and notes the time if it is the fastest.
func (c *contestant) turn() {
	each := max(10, 50/len(c.clients))
	start := time.Now()
	if len(c.clients) == 1 {
		for range each {
			c.clients[0].send()
		}
	} else {
		var all sync.WaitGroup
		for _, one := range c.clients {
			all.Go(func() {
				for range each {
					one.send()
				}
			})
		}
		all.Wait()
	}
	c.fastest = min(c.fastest, time.Since(start)/time.Duration(each*len(c.clients)))
}

// cost is the memory that one request allocates.
type cost struct{ allocations, bytes float64 }

// cost sends requests without a collection among them, because a collection
// empties pools. It returns the least of some averages, because another goroutine
// can allocate meanwhile.
func (c *contestant) cost() cost {
	const repeat, each = 5, 200
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	send := c.clients[0].send
	for range each {
		send()
	}
	least := cost{math.Inf(1), math.Inf(1)}
	var before, after runtime.MemStats
	for range repeat {
		runtime.ReadMemStats(&before)
		for range each {
			send()
		}
		runtime.ReadMemStats(&after)
		least.allocations = min(least.allocations, math.Floor(float64(after.Mallocs-before.Mallocs)/each))
		least.bytes = min(least.bytes, math.Floor(float64(after.TotalAlloc-before.TotalAlloc)/each))
	}
	return least
}
