//go:build unix

package faults_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

var soak = flag.Duration("soak", 10*time.Second, "how long TestSoak works at full load")

// TestSoak works at full load without any fault. Goroutines, memory and connections must
// not grow.
func TestSoak(t *testing.T) {
	const samples = 20
	for _, kind := range kinds {
		if kind.name != "Redis" && kind.name != "PostgreSQL" {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			r := &run{site: kind.open(t, 0), http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4 * clients}}}
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			var working sync.WaitGroup
			for i := range clients {
				c := &client{run: r, name: fmt.Sprintf("user%d", i), random: rand.New(rand.NewPCG(uint64(i), 1))}
				working.Go(func() {
					for ctx.Err() == nil {
						c.step()
					}
				})
			}
			var early, late stats // the highest in the first and the last quarter
			for i := range samples {
				time.Sleep(*soak / samples)
				for _, p := range r.processes {
					s := p.stats(t)
					switch {
					case i < samples/4:
						early = highest(early, s)
					case i >= samples-samples/4:
						late = highest(late, s)
					}
				}
			}
			stop()
			working.Wait()
			for _, text := range r.broken() {
				t.Error(text)
			}
			t.Logf("%d requests; goroutines %d and then %d, heap %d and then %d, connections %d and then %d",
				r.requests.Load(), early.Goroutines, late.Goroutines, early.Heap, late.Heap, early.Connections, late.Connections)
			if late.Goroutines > early.Goroutines+2*clients || late.Heap > early.Heap*3/2+8<<20 || late.Connections > max(early.Connections, maxConns) {
				t.Errorf("got %+v at the end, %+v at the begin", late, early)
			}
			if n, undecided := r.failures.Load(), r.events(t, "rejected/undecided"); n > undecided {
				t.Errorf("got %d requests with 503 without a fault, and %d undecided sign-ins", n, undecided)
			}
		})
	}
}

func highest(a, b stats) stats {
	return stats{
		Goroutines: max(a.Goroutines, b.Goroutines), Heap: max(a.Heap, b.Heap), Connections: max(a.Connections, b.Connections),
	}
}
