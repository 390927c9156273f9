package scale_test

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
)

var full = flag.Bool("full", false, "measure at full size and write docs/scale.md")

// plan holds the points of a run.
type plan struct {
	sessions   []int // in the store
	byAPI      int   // more sessions than these are added in bulk, where the store can
	ofUser     []int // sessions of one user
	payloads   []int // bytes
	perPayload int   // sessions with a payload of each size
	calls      int   // of which a point reports the usual time
}

var (
	short = plan{[]int{100, 1000}, 500, []int{1, 100}, []int{100, 1 << 10}, 20, 50}
	large = plan{
		[]int{1000, 10_000, 100_000, 1_000_000}, 100_000, []int{1, 10, 100, 1000, 10_000},
		[]int{100, 1 << 10, 10 << 10, 64 << 10}, 1000, 1000,
	}
)

const (
	lifetime = 24 * time.Hour
	small    = 100  // bytes of a payload, unless its size is measured
	sampled  = 2000 // sessions that calls are spread over
	lists    = 3    // of each user
)

// point is one row of a table.
type point struct {
	store           string
	n               int // sessions, sessions of a user, or bytes of a payload
	load, update    time.Duration
	list, revoke    time.Duration
	bytesPerSession float64
}

// TestScale measures all stores. The number of round trips must not depend on the
// number of sessions or on the size of their data.
func TestScale(t *testing.T) {
	p := short
	if *full {
		p = large
	}
	var r report
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			s := k.open(t)
			if s.version != "" {
				r.versions = append(r.versions, s.version)
			}
			f := &filler{tb: t, subject: s, workers: k.workers}
			start := time.Now()
			r.bySessions = append(r.bySessions, f.bySessions(k.name, p)...)
			r.ofUser = append(r.ofUser, f.ofUser(k.name, p)...)
			f.subject, f.ids = k.open(t), nil
			r.byPayload = append(r.byPayload, f.byPayload(k.name, p)...)
			t.Logf("%s took %v", k.name, time.Since(start).Round(time.Millisecond))
		})
	}
	if *full && !t.Failed() {
		r.save(t, p)
	}
}

// filler adds sessions to a store and measures its calls.
type filler struct {
	tb      testing.TB
	subject *subject
	workers int
	created int
	ids     []stores.ID // some of the sessions, spread over all
}

// add creates sessions with one identity, or with one each if it is "". It returns
// one session in every.
func (f *filler) add(n, every int, identity string, payload []byte) []stores.ID {
	kept := make([][]stores.ID, f.workers)
	var all sync.WaitGroup
	for w := range f.workers {
		all.Go(func() {
			for i := w; i < n; i += f.workers {
				owner := identity
				if owner == "" {
					owner = fmt.Sprintf("user-%d", f.created+i)
				}
				id := f.create(owner, payload)
				if i%every == 0 {
					kept[w] = append(kept[w], id)
				}
			}
		})
	}
	all.Wait()
	f.created += n
	return slices.Concat(kept...)
}

func (f *filler) create(identity string, payload []byte) stores.ID {
	id := must(stores.NewID(context.Background(), f.subject.store, identity))
	must(f.subject.store.Create(context.Background(), stores.Create{
		ID: id, Identity: identity, Payload: payload, Idle: lifetime, Absolute: lifetime,
	}))
	return id
}

func (f *filler) bySessions(store string, p plan) (points []point) {
	payload := random(small)
	empty := f.subject.bytes()
	for _, n := range p.sessions {
		switch more := n - f.created; {
		case n > p.byAPI && f.subject.bulk != nil:
			f.subject.bulk(more, payload)
			f.created = n
		default:
			f.ids = append(f.ids, f.add(more, max(1, n/sampled), "", payload)...)
		}
		size := float64(f.subject.bytes()-empty) / float64(n)
		at := point{store: store, n: n, bytesPerSession: size}
		at.load, at.update = f.measure(payload, p.calls)
		f.checkTrips(payload)
		points = append(points, at)
	}
	return points
}

func (f *filler) byPayload(store string, p plan) (points []point) {
	for _, n := range p.payloads {
		payload := random(n)
		before := f.subject.bytes()
		f.ids = f.add(p.perPayload, 1, "", payload)
		at := point{store: store, n: n, bytesPerSession: float64(f.subject.bytes()-before) / float64(p.perPayload)}
		at.load, at.update = f.measure(payload, p.calls)
		f.checkTrips(payload)
		points = append(points, at)
	}
	return points
}

// ofUser measures a user with n sessions beside all sessions that are there.
func (f *filler) ofUser(store string, p plan) (points []point) {
	ctx := f.tb.Context()
	if counted := f.subject.counted; counted != nil { // the first calls also prepare statements
		must(stores.List(ctx, counted, "unknown"))
		must(stores.RevokeIdentity(ctx, counted, "unknown", stores.ID{}))
	}
	for _, n := range p.ofUser {
		at := point{store: store, n: n}
		rounds := max(4, min(50, 500/n))
		var list, revoke []time.Duration
		for i := range rounds {
			user := fmt.Sprintf("many-%d-%d", n, i)
			f.add(n, n, user, random(small))
			f.created -= n
			for range lists {
				list = append(list, timed(func() {
					if got := len(must(stores.List(ctx, f.subject.store, user))); got != n {
						f.tb.Fatalf("%s: List returned %d sessions, want %d", store, got, n)
					}
				}))
			}
			if i == 0 && f.subject.counted != nil {
				f.oneTrip("List", func() { must(stores.List(ctx, f.subject.counted, user)) })
			}
			store := f.subject.store
			count := func() {
				if got := must(stores.RevokeIdentity(ctx, store, user, stores.ID{})).Count; got != n {
					f.tb.Fatalf("RevokeIdentity ended %d sessions, want %d", got, n)
				}
			}
			if i == 0 && f.subject.counted != nil {
				store = f.subject.counted
				f.oneTrip("RevokeIdentity", count)
				continue
			}
			revoke = append(revoke, timed(count))
		}
		at.list, at.revoke = usual(list), usual(revoke)
		points = append(points, at)
	}
	return points
}

// measure returns the usual time of a load and of an update.
func (f *filler) measure(payload []byte, calls int) (load, update time.Duration) {
	ctx, store := f.tb.Context(), f.subject.store
	var loads, updates []time.Duration
	for i := range calls + calls/10 {
		id := f.ids[i*7919%len(f.ids)]
		var r stores.Record
		took := timed(func() { r = must(store.Load(ctx, id)) })
		if len(r.Payload) != len(payload) {
			f.tb.Fatalf("Load returned %d bytes, want %d", len(r.Payload), len(payload))
		}
		wrote := timed(func() {
			must(store.Update(ctx, stores.Update{ID: id, Version: r.Version, Payload: payload, Idle: lifetime}))
		})
		if i >= calls/10 { // after a warm-up
			loads, updates = append(loads, took), append(updates, wrote)
		}
	}
	return usual(loads), usual(updates)
}

// checkTrips fails the test if a call needs more than one round trip.
func (f *filler) checkTrips(payload []byte) {
	f.tb.Helper()
	store := f.subject.counted
	if store == nil {
		return
	}
	ctx, id := f.tb.Context(), f.ids[0]
	r := must(store.Load(ctx, id))
	write := func() {
		must(store.Update(ctx, stores.Update{ID: id, Version: r.Version, Payload: payload, Idle: lifetime}))
		r.Version++
	}
	write() // the first calls prepare statements
	f.oneTrip("Load", func() { must(store.Load(ctx, id)) })
	f.oneTrip("Update", write)
}

func (f *filler) oneTrip(name string, call func()) {
	f.tb.Helper()
	f.subject.trips()
	call()
	if got := f.subject.trips(); got != 1 {
		f.tb.Errorf("%s: got %d round trips, want 1", name, got)
	}
}

func timed(call func()) time.Duration {
	start := time.Now()
	call()
	return time.Since(start)
}

// usual returns the smallest of the medians of ten parts, in the order of the calls:
// other programs slow some parts down.
func usual(times []time.Duration) time.Duration {
	least := time.Duration(math.MaxInt64)
	for part := range slices.Chunk(times, max(1, len(times)/10)) {
		slices.Sort(part)
		least = min(least, part[len(part)/2])
	}
	return least
}

// random returns bytes that no server can compress.
func random(n int) []byte {
	b := make([]byte, n)
	must(rand.Read(b))
	return b
}

// growth returns by which factor the last value is above the first.
func growth(first, last time.Duration) float64 {
	return float64(last) / math.Max(1, float64(first))
}
