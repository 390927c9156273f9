package rivals_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// scale is the cost of many sessions in memory.
type scale struct {
	Bytes  float64 `json:"bytes"`  // for each session
	Load   float64 `json:"load"`   // the time to load a session, times that in a small store
	List   float64 `json:"list"`   // the same for the list of a user's sessions
	Revoke float64 `json:"revoke"` // the same for their end
}

// measureScale fills a store with n sessions. The payload has the size of the
// sample's: 119 bytes of JSON and the core's header.
func measureScale(tb testing.TB, n int) scale {
	tb.Helper()
	runtime.GC()
	large, used := fill(tb, n)
	small, _ := fill(tb, min(n, 1000))
	var s scale
	s.Bytes = float64(used) / float64(n)
	calls := []struct {
		ratio *float64
		call  func(*memory.Store)
	}{
		{&s.Load, func(m *memory.Store) {
			for i := range 100 {
				must(m.Load(tb.Context(), sessionID(i%10)))
			}
		}},
		{&s.List, func(m *memory.Store) { must(m.List(tb.Context(), "ada")) }},
		{&s.Revoke, func(m *memory.Store) { must(m.RevokeIdentity(tb.Context(), "ada", stores.ID{})) }},
	}
	for _, c := range calls {
		fastest := [2]time.Duration{math.MaxInt64, math.MaxInt64}
		for range 200 {
			for i, m := range []*memory.Store{small, large} {
				addOwn(tb, m)
				begin := time.Now()
				c.call(m)
				fastest[i] = min(fastest[i], time.Since(begin))
				must(m.RevokeIdentity(tb.Context(), "ada", stores.ID{}))
			}
		}
		*c.ratio = float64(fastest[1]) / float64(fastest[0])
	}
	runtime.KeepAlive(large)
	return s
}

// addOwn creates 100 sessions of one user.
func addOwn(tb testing.TB, m *memory.Store) {
	tb.Helper()
	for i := range 100 {
		createSession(tb, m, 1<<30+i, "ada")
	}
}

// fill returns a store with n sessions of as many users, and the bytes in use.
func fill(tb testing.TB, n int) (*memory.Store, uint64) {
	tb.Helper()
	m := memory.New(&memory.Options{MaxSessions: n + 1000})
	tb.Cleanup(func() { _ = m.Close(tb.Context()) })
	before := heap()
	for i := range n {
		createSession(tb, m, i, fmt.Sprintf("sessionCookie/%08d", i))
	}
	return m, heap() - before
}

func createSession(tb testing.TB, m *memory.Store, n int, identity string) {
	tb.Helper()
	must(m.Create(tb.Context(), stores.Create{
		ID: sessionID(n), Identity: identity, Payload: make([]byte, 209), Idle: time.Hour, Absolute: 24 * time.Hour,
	}))
}

// sessionID spreads over all shards.
func sessionID(n int) stores.ID {
	x := uint64(n+1) * 0x9e3779b97f4a7c15
	var id stores.ID
	for i := range 8 {
		id[i] = byte(x >> (8 * i))
	}
	return id
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the first leaves memory that it has not swept
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
