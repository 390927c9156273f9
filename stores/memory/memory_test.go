package memory_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/storetest"
)

func TestConformance(t *testing.T) {
	for _, test := range []struct {
		name string
		opts *storetest.Options
	}{
		{"fake clock", nil},
		{"real clock", &storetest.Options{Wait: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) stores.Store { return open(t, nil) }, test.opts)
		})
	}
}

// open returns a store that is closed with the test.
func open(tb testing.TB, opts *memory.Options) *memory.Store {
	tb.Helper()
	s := memory.New(opts)
	tb.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// clock is a clock that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// id returns the ID with the number n, which is not 0.
func id(n int) (id stores.ID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func spec(n int, identity string) stores.Create {
	return stores.Create{ID: id(n), Identity: identity, Idle: time.Hour, Absolute: 24 * time.Hour}
}

func create(tb testing.TB, s *memory.Store, c stores.Create) stores.Created {
	tb.Helper()
	created, err := s.Create(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	return created
}

// wantLive requires that of ids 1 to n exactly those in live are live.
func wantLive(tb testing.TB, s *memory.Store, n int, live ...int) {
	tb.Helper()
	want := make(map[int]bool)
	for _, n := range live {
		want[n] = true
	}
	for i := 1; i <= n; i++ {
		_, err := s.Load(tb.Context(), id(i))
		if got := err == nil; got != want[i] {
			tb.Errorf("session %d is live: %t, want %t", i, got, want[i])
		}
	}
}

func TestNewPanics(t *testing.T) {
	for want, opts := range map[string]*memory.Options{"MaxSessions -1": {MaxSessions: -1}, "MaxPayload -1": {MaxPayload: -1}} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, want) {
					t.Errorf("New(%+v): got panic %q, want %q in it", *opts, text, want)
				}
			}()
			memory.New(opts)
		}()
	}
}

// TestClockSetBack shows that a clock that is set back neither panics nor
// lets a touch carry a session past its deadline.
func TestClockSetBack(t *testing.T) {
	c := newClock()
	s := open(t, &memory.Options{Now: c.Now})
	deadline := create(t, s, spec(1, "alice")).Deadline
	c.Add(-1000 * time.Hour)
	expires, err := s.Touch(t.Context(), id(1), time.Hour)
	if want := c.Now().Add(time.Hour); err != nil || !expires.Equal(want) {
		t.Errorf("Touch = %v, %v, want %v: LastSeen must not stay in the future", expires, err, want)
	}
	r, err := s.Load(t.Context(), id(1))
	if err != nil || !r.LastSeen.Equal(c.Now()) || !r.Deadline.Equal(deadline) {
		t.Errorf("Load = %+v, %v", r, err)
	}
	if _, err := s.Update(t.Context(), stores.Update{ID: id(1), Version: 1, Idle: 5000 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	c.Add(1024 * time.Hour)
	if _, err := s.Load(t.Context(), id(1)); !errors.Is(err, stores.ErrNotFound) {
		t.Errorf("at the deadline: got error %v, want %v", err, stores.ErrNotFound)
	}
}

// TestClocksOutOfRange shows that times which 64 bits of nanoseconds cannot
// express saturate.
func TestClocksOutOfRange(t *testing.T) {
	for _, now := range []time.Time{{}, time.Unix(1<<40, 0), time.Unix(-1<<40, 0)} {
		c := &clock{now: now}
		s := open(t, &memory.Options{Now: c.Now})
		create(t, s, spec(1, "alice"))
		c.Add(30 * time.Minute)
		if _, err := s.Touch(t.Context(), id(1), time.Hour); err != nil {
			t.Errorf("clock at %v: Touch: %v", now, err)
		}
		c.Add(2 * time.Hour)
		if _, err := s.Load(t.Context(), id(1)); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("clock at %v: after the idle timeout got error %v", now, err)
		}
		for range 10 {
			create(t, s, stores.Create{ID: id(2), Idle: 1<<63 - 1, Absolute: 1<<63 - 1})
			c.Add(1<<63 - 1)
			_, _ = s.Touch(t.Context(), id(2), 1<<63-1)
			_ = s.Delete(t.Context(), id(2), stores.Condition{})
		}
	}
}

func TestUseClockKeepsTimes(t *testing.T) {
	c := newClock()
	s := open(t, &memory.Options{Now: c.Now})
	want := create(t, s, spec(1, "alice"))
	c.Add(time.Minute)
	s.UseClock(c.Now) // as a second manager on one store would
	r, err := s.Load(t.Context(), id(1))
	if err != nil || !r.Expires.Equal(want.Expires) || !r.Now.Equal(c.Now()) {
		t.Errorf("Load = %+v, %v, want Expires %v", r, err, want.Expires)
	}
}

// TestModel compares the store, while it churns, with maps.
func TestModel(t *testing.T) {
	type session struct {
		identity string
		version  int64
		expires  time.Time
	}
	c := newClock()
	s := open(t, &memory.Options{Now: c.Now})
	rng := rand.New(rand.NewPCG(1, 2))
	model := make(map[int]session)
	live := func(n int) (session, bool) {
		m, ok := model[n]
		return m, ok && c.Now().Before(m.expires)
	}
	check := func(step int, label string, err, want error) {
		if !errors.Is(err, want) {
			t.Fatalf("step %d: %s: got error %v, want %v", step, label, err, want)
		}
	}
	for step := range 50_000 {
		n := 1 + rng.IntN(3000)
		m, ok := live(n)
		var missing error
		if !ok {
			missing = stores.ErrNotFound
		}
		idle := time.Duration(1+rng.IntN(600)) * time.Second
		switch p := rng.IntN(1000); {
		case p < 450:
			identity := []string{"", "alice", "bob", "carol"}[min(3, rng.IntN(40))]
			if identity == "carol" {
				identity = fmt.Sprint("carol", n)
			}
			_, err := s.Create(t.Context(), stores.Create{ID: id(n), Identity: identity, Idle: idle, Absolute: time.Hour})
			if ok {
				check(step, "Create", err, stores.ErrExists)
				break
			}
			check(step, "Create", err, nil)
			model[n] = session{identity, 1, c.Now().Add(idle)}
		case p < 550:
			_, err := s.Update(t.Context(), stores.Update{ID: id(n), Version: 1, Idle: idle, Absolute: time.Hour})
			if ok && m.version != 1 {
				missing = stores.ErrConflict
			}
			check(step, "Update", err, missing)
			if missing == nil {
				model[n] = session{m.identity, 2, c.Now().Add(idle)}
			}
		case p < 700:
			check(step, "Delete", s.Delete(t.Context(), id(n), stores.Condition{}), missing)
			delete(model, n)
		case p < 990:
			r, err := s.Load(t.Context(), id(n))
			check(step, "Load", err, missing)
			if ok && (r.Identity != m.identity || r.Version != m.version || !r.Expires.Equal(m.expires)) {
				t.Fatalf("step %d: Load = %+v, want %+v", step, r, m)
			}
		case p < 993:
			want := 0
			for n := range model {
				if m, ok := live(n); ok && m.identity == "alice" {
					want++
					delete(model, n)
				}
			}
			revoked, err := s.RevokeIdentity(t.Context(), "alice", stores.ID{})
			if err != nil || revoked.Count != want {
				t.Fatalf("step %d: RevokeIdentity = %+v, %v, want %d", step, revoked, err, want)
			}
		default:
			c.Add(10 * time.Second)
		}
	}
	for n := range model {
		if _, ok := live(n); ok {
			check(-1, "Delete", s.Delete(t.Context(), id(n), stores.Condition{}), nil)
		}
	}
	for _, identity := range []string{"alice", "bob"} {
		if records, err := s.List(t.Context(), identity); err != nil || len(records) != 0 {
			t.Errorf("List(%q) = %d sessions, %v, want none", identity, len(records), err)
		}
	}
}

// A payload is kept without a copy only if it is the one that the caller vouches for.
func TestOwnedPayload(t *testing.T) {
	mine := func() []byte { return append(make([]byte, 0, 4), "mine"...) }
	roomy := append(make([]byte, 0, 8), "mine"...)
	other := mine()
	tests := []struct {
		name    string
		payload []byte
		owned   func(payload []byte) *byte
		kept    bool
	}{
		{"vouched for", mine(), func(p []byte) *byte { return &p[0] }, true},
		{"not vouched for", mine(), func([]byte) *byte { return nil }, false},
		{"replaced by a store around it", mine(), func([]byte) *byte { return &other[0] }, false},
		{"with spare capacity", roomy, func(p []byte) *byte { return &p[0] }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, nil)
			created := create(t, s, spec(1, "ada"))
			u := stores.Update{ID: id(1), Version: created.Version, Payload: tt.payload, Owned: tt.owned(tt.payload)}
			if _, err := s.Update(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			tt.payload[0] = 'X'
			want := "mine"
			if tt.kept {
				want = "Xine"
			}
			if r, err := s.Load(t.Context(), id(1)); err != nil || string(r.Payload) != want {
				t.Errorf("got %q and error %v, want %q", r.Payload, err, want)
			}
		})
	}
}
