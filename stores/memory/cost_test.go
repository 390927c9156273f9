//go:build !race

package memory_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// payloadSize is that of the sample session: 119 bytes of JSON and the header
// that the core puts before it.
const payloadSize = 209

func sample(n int) stores.Create {
	c := spec(n, fmt.Sprintf("sessionCookie/%08d", n))
	c.Payload = make([]byte, payloadSize)
	return c
}

// fill creates sessions 1 to n, each with its own identity, and returns the
// bytes per session.
func fill(tb testing.TB, s *memory.Store, n int) float64 {
	before := heap()
	for i := range n {
		create(tb, s, sample(i+1))
	}
	cost := float64(heap()-before) / float64(n)
	runtime.KeepAlive(s)
	return cost
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the first one leaves memory that it has not swept
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestBytesPerSession gates the cost of a session. The budget of 470 is for a
// million. With other counts more of the memory allocated in advance is unused.
func TestBytesPerSession(t *testing.T) {
	s := open(t, nil)
	cost := fill(t, s, 100_000)
	t.Logf("%.0f B/session", cost)
	if cost > 480 {
		t.Errorf("a session costs %.0f bytes, want 480 at most", cost)
	}
}

// TestMemoryIsGivenBack gates the memory that remains after 100 000 sessions.
func TestMemoryIsGivenBack(t *testing.T) {
	s := open(t, nil)
	before := heap()
	fill(t, s, 100_000)
	for n := range 100_000 {
		if err := s.Delete(t.Context(), id(n+1), stores.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	if kept := heap() - before; kept > 1<<18 {
		t.Errorf("an empty store keeps %d KiB more than a new one, want 256 at most", kept>>10)
	}
	runtime.KeepAlive(s)
}

func TestAllocations(t *testing.T) {
	c := newClock()
	s := open(t, &memory.Options{Now: c.Now})
	create(t, s, sample(1))
	ctx := t.Context()
	version := int64(1)
	payload := make([]byte, payloadSize)
	for _, test := range []struct {
		name string
		most float64
		call func() error
	}{
		{"LoadMemo", 0, func() error { _, _, err := s.LoadMemo(ctx, id(1)); return err }},
		{"Load", 1, func() error { _, err := s.Load(ctx, id(1)); return err }},
		{"Touch, throttled", 0, func() error { _, err := s.Touch(ctx, id(1), time.Hour); return err }},
		{"Touch, written", 0, func() error {
			c.Add(7 * time.Minute)
			_, err := s.Touch(ctx, id(1), time.Hour)
			return err
		}},
		{"Update", 2, func() error {
			u, err := s.Update(ctx, stores.Update{ID: id(1), Version: version, Payload: payload, Idle: time.Hour, Absolute: time.Hour})
			version = u.Version
			return err
		}},
	} {
		var failed error
		got := testing.AllocsPerRun(100, func() {
			if err := test.call(); err != nil {
				failed = err
			}
		})
		if failed != nil || got > test.most {
			t.Errorf("%s: %v allocations, error %v, want %v at most", test.name, got, failed, test.most)
		}
	}
}

// Memory is bounded by the number of users, and by the sessions that end while
// a cookie lasts.
func TestRevocationsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, ctx := memory.NewRevocations(), t.Context()
		before := heap()
		for range 100_000 {
			if _, err := r.RevokeIdentity(ctx, "ada", 0); err != nil {
				t.Fatal(err)
			}
		}
		if cost := heap() - before; cost > 1<<20 {
			t.Errorf("100000 revocations of one user cost %d bytes, want the cost of one", cost)
		}
		time.Sleep(stores.LongestSession - time.Hour)
		last, err := r.RevokeIdentity(ctx, "ada", 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, after := range []time.Duration{2 * time.Hour, stores.LongestSession - 3*time.Hour} {
			time.Sleep(after)
			_ = r.End(ctx, stores.ID{byte(after.Hours())}, 0, 0) // a write sweeps
			if st, err := r.Check(ctx, stores.ID{1}, "ada"); err != nil || st.Mark != last.Mark {
				t.Errorf("got %+v, %v, want mark %d", st, err, last.Mark)
			}
		}
		time.Sleep(2 * time.Hour)
		_ = r.End(ctx, stores.ID{1, 1}, 0, 0)
		if st, err := r.Check(ctx, stores.ID{1}, "ada"); err != nil || st.Mark != 0 {
			t.Errorf("after that: got %+v, %v, want nothing", st, err)
		}
	})
}

// The documented cost of a mark holds for both kinds, at the sizes where maps and
// the heap have just grown too.
func TestRevocationsCost(t *testing.T) {
	const most = 300 // bytes
	id := func(i int) stores.ID { return stores.ID{byte(i), byte(i >> 8), byte(i >> 16), 1} }
	for name, mark := range map[string]func(r *memory.Revocations, i int) error{
		"End": func(r *memory.Revocations, i int) error { return r.End(t.Context(), id(i), time.Hour, int64(i)) },
		"RevokeIdentity": func(r *memory.Revocations, i int) error {
			_, err := r.RevokeIdentity(t.Context(), fmt.Sprintf("user-%011d", i), int64(i))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, before, n := memory.NewRevocations(), heap(), 0
			for _, until := range []int{100_000, 120_000, 140_000, 160_000, 180_000, 200_000, 240_000} {
				for ; n < until; n++ {
					if err := mark(r, n); err != nil {
						t.Fatal(err)
					}
				}
				if cost := float64(heap()-before) / float64(n); cost > most {
					t.Errorf("%d marks cost %.0f bytes each, want %d at most", n, cost, most)
				}
			}
			runtime.KeepAlive(r)
		})
	}
}
