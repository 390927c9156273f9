//go:build unix

package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fault is one thing that goes wrong.
type fault struct {
	name string
	do   func(t *testing.T, r *run) // returns when it is over

	// kills is set if it ends a process of the API, so that the network fails too.
	kills bool
	// forgets is the reason why the store loses sessions, as its manual says.
	forgets string
	// mayLose is the reason why the store may undo acknowledged writes, as its manual says.
	mayLose string
	// refusesOnce is set if a mark that a clock has left in the future may refuse a login.
	refusesOnce bool
	// decided is set if the store refuses a write at once, or can be asked about it in time.
	// So a request that gets 503 has changed nothing.
	decided bool
	// full is set if it is part of the long run only.
	full bool
}

// These are the numbers of clients, their pause between two requests, and the times that
// a run may take to recover and to come to rest.
const (
	clients       = 16
	pace          = 20 * time.Millisecond
	recoverWithin = 30 * time.Second
	restWithin    = 20 * time.Second
	slack         = time.Second // beyond StoreTimeout, for the work that is not the store's
)

// run is one fault on one store, with what was seen of it.
type run struct {
	site
	fault  fault
	number int // of the fault at its store
	http   *http.Client

	requests, failures, unknown, forgotten, lost, resurrected atomic.Int64

	hangs    atomic.Bool  // a request had no answer, so nothing else is worth a try
	longest  atomic.Int64 // nanoseconds
	lifted   atomic.Int64 // the time in nanoseconds, 0 while the fault lasts
	recovery time.Duration

	mu         sync.Mutex
	dead       []string
	violations map[string]int
	load       time.Duration
	commit     time.Duration
}

func (r *run) count(a answer, took time.Duration) {
	r.requests.Add(1)
	if a.status >= 500 {
		r.failures.Add(1)
	}
	for {
		was := r.longest.Load()
		if int64(took) <= was || r.longest.CompareAndSwap(was, int64(took)) {
			return
		}
	}
}

// calm reports whether the fault has been over for so long that no call from before can
// still take effect.
func (r *run) calm() bool {
	lifted := r.lifted.Load()
	return lifted != 0 && time.Since(time.Unix(0, lifted)) > time.Second
}

// play injects the fault while clients work, and returns the promises that were broken.
func (s site) play(t *testing.T, number int, f fault) *run {
	t.Helper()
	r := &run{site: s, fault: f, number: number, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4 * clients}}}
	before := r.rest(t, nil)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var working sync.WaitGroup
	for i := range clients {
		c := &client{run: r, name: fmt.Sprintf("user%d-%d", number, i), random: rand.New(rand.NewPCG(uint64(i), 1))}
		working.Go(func() { c.work(ctx) })
	}
	r.waitFor(t, 10*clients, recoverWithin)
	f.do(t, r)
	r.lifted.Store(time.Now().UnixNano())
	if !r.recovered() {
		stop()
		working.Wait()
		return r
	}
	after := r.requests.Load()
	r.waitFor(t, int(after)+10*clients, recoverWithin)
	time.Sleep(time.Second + storeTimeout/2) // until calm, and some requests after it
	stop()
	working.Wait()
	r.wantAllDead()
	r.http.CloseIdleConnections()
	r.rest(t, before)
	r.judge()
	return r
}

// wantAllDead looks once more at every dead token.
func (r *run) wantAllDead() {
	var looking sync.WaitGroup
	for part := range slices.Chunk(r.dead, len(r.dead)/8+1) {
		looking.Go(func() {
			for _, token := range part {
				r.wantDead(token)
			}
		})
	}
	looking.Wait()
}

// work makes requests until the context ends, and at last reads once.
func (c *client) work(ctx context.Context) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for ctx.Err() == nil && !c.run.hangs.Load() {
		c.step()
		<-tick.C
	}
	if c.token != "" && !c.run.hangs.Load() {
		c.read()
	}
}

// waitFor waits until the clients have had a number of answers.
func (r *run) waitFor(t *testing.T, answers int, within time.Duration) {
	t.Helper()
	for begin := time.Now(); int(r.requests.Load()) < answers; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > within {
			t.Fatalf("%s: %d answers within %v, want %d", r.fault.name, r.requests.Load(), within, answers)
		}
	}
}

// recovered waits until a new user can sign in, change the session and read it at each
// process.
func (r *run) recovered() bool {
	begin := time.Now()
	for i, p := range r.processes {
		name := fmt.Sprintf("after%d-%d", r.number, i)
		for !r.works(p, name) {
			if r.hangs.Load() {
				return false
			}
			if time.Since(begin) > recoverWithin {
				r.violatedf("process %d does not work %v after the fault", i+1, recoverWithin)
				return false
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	r.recovery = time.Since(begin)
	return true
}

func (r *run) works(p *process, name string) bool {
	login := r.sendTo(p, http.MethodPost, "/login?name="+name, "")
	return login.ok() && r.sendTo(p, http.MethodPost, "/bump", login.token).ok() &&
		r.sendTo(p, http.MethodGet, "/me", login.token).ok()
}

// rest waits until both processes are idle. With the stats from before it wants them back
// where they were.
func (r *run) rest(t *testing.T, before []stats) []stats {
	t.Helper()
	var now []stats
	var excess string
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		now, excess = now[:0], ""
		for i, p := range r.processes {
			s := p.stats(t)
			r.load, r.commit = max(r.load, s.Load), max(r.commit, s.Commit)
			now = append(now, s)
			if before == nil {
				continue
			}
			was := before[i]
			switch {
			case s.Goroutines > was.Goroutines+16:
				excess = fmt.Sprintf("process %d has %d goroutines, %d before", i+1, s.Goroutines, was.Goroutines)
			case s.Heap > 2*was.Heap+16<<20:
				excess = fmt.Sprintf("process %d has a heap of %d bytes, %d before", i+1, s.Heap, was.Heap)
			case s.Connections > maxConns:
				excess = fmt.Sprintf("process %d has %d connections, %d at most", i+1, s.Connections, maxConns)
			}
		}
		if excess == "" {
			return now
		}
		if time.Since(begin) > restWithin {
			r.violatedf("%s", excess)
			return now
		}
	}
}

// judge adds the promises about time.
func (r *run) judge() {
	if r.fault.kills {
		return // the times of the process are gone
	}
	if r.load > storeTimeout+slack {
		r.violatedf("loads took up to %v", r.load.Round(time.Millisecond))
	}
	if r.commit > storeTimeout+slack {
		r.violatedf("commits took up to %v", r.commit.Round(time.Millisecond))
	}
}

// broken returns the violations, most frequent first.
func (r *run) broken() []string {
	var texts []string
	for text, n := range r.violations {
		texts = append(texts, fmt.Sprintf("%d × %s", n, text))
	}
	slices.Sort(texts)
	return texts
}
