package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// everyone returns the sessions of All by ID.
func everyone(t *testing.T, m *humasess.Manager[account]) map[string]humasess.Info[account] {
	t.Helper()
	all := map[string]humasess.Info[account]{}
	for info, err := range m.All(t.Context()) {
		if err != nil {
			t.Fatalf("All: %v", err)
		}
		if _, ok := all[info.ID]; ok {
			t.Errorf("All: session %v comes twice", info.ID)
		}
		all[info.ID] = info
	}
	n, err := m.Count(t.Context())
	if err != nil || n != len(all) {
		t.Errorf("Count: got %d, %v, want %d", n, err, len(all))
	}
	return all
}

// twoManagers are of one store.
func twoManagers(t *testing.T, store stores.Store) (one, two *humasess.Manager[account]) {
	t.Helper()
	managers := [2]*humasess.Manager[account]{}
	for i, scheme := range []string{"one", "oneself"} {
		o := accountOptions()
		o.SchemeName, o.Now = scheme, humasesstest.NewClock().Now
		m, err := humasess.New(store, &o)
		if err != nil {
			t.Fatal(err)
		}
		managers[i] = m
	}
	return managers[0], managers[1]
}

func TestAll(t *testing.T) {
	t.Run("R5 of every identity, with the fields of List", func(t *testing.T) {
		r := newRig(t, accountOptions())
		begin := r.clock.Now()
		for i := range 1200 { // more than two pages
			if _, err := r.sessions.Issue(t.Context(), account{ID: fmt.Sprintf("u%d", i%1000), N: i}); err != nil {
				t.Fatal(err)
			}
		}
		r.must(r.client(), increment) // an anonymous one
		r.clock.Advance(time.Minute)
		r.store.Reset()
		all := everyone(t, r.sessions)
		if len(all) != 1201 {
			t.Fatalf("All: got %d sessions, want 1201", len(all))
		}
		// A page may have one or two sessions fewer than its limit.
		if got := r.store.Calls(); got[humasesstest.OpScan] > 4 || got[humasesstest.OpCount] != 1 || r.store.Total() > 5 {
			t.Errorf("store calls: got %v, want 4 pages at most and one count", got)
		}
		of := map[string]int{}
		for _, info := range all {
			of[info.Identity]++
			if info.Identity != info.Data.ID || info.Current {
				t.Errorf("got identity %q of %+v, current %v", info.Identity, info.Data, info.Current)
			}
			wantTime(t, "LastSeenAt", info.LastSeenAt, begin)
			wantTime(t, "ExpiresAt", info.ExpiresAt, begin.Add(unused))
		}
		if of["u7"] != 2 || of["u700"] != 1 || of[""] != 1 {
			t.Errorf("by identity: got %d, %d and %d anonymous, want 2, 1 and 1", of["u7"], of["u700"], of[""])
		}
	})

	t.Run("as long as the loop runs", func(t *testing.T) {
		r := newRig(t, accountOptions())
		for range 3 {
			r.signedIn(account{ID: "u1"})
		}
		n := 0
		for _, err := range r.sessions.All(t.Context()) {
			if n++; n == 2 || err != nil {
				break
			}
		}
		if n != 2 {
			t.Errorf("got %d turns, want 2", n)
		}
	})

	t.Run("R4 sessions of another manager are not in it", func(t *testing.T) {
		store := memory.New(nil)
		one, two := twoManagers(t, store)
		humasesstest.Login(t, one, account{ID: "u1", N: 1})
		humasesstest.Login(t, two, account{ID: "u1", N: 2})
		// A manager hides a user of another scheme in any case, and not a visitor.
		o := accountOptions()
		o.SchemeName, o.Now, o.Identity = "oneself", humasesstest.NewClock().Now, nil
		visitors, err := humasess.New(store, &o)
		if err != nil {
			t.Fatal(err)
		}
		humasesstest.Login(t, visitors, account{N: 2})
		for m, want := range map[*humasess.Manager[account]]int{one: 1, two: 2} {
			all := everyone(t, m)
			if len(all) != want {
				t.Errorf("got %d sessions, want %d", len(all), want)
			}
			for _, info := range all {
				if info.Data.N != want {
					t.Errorf("got %+v, which is another manager's", info)
				}
			}
		}
	})

	t.Run("a session that cannot be decoded is omitted, with an event", func(t *testing.T) {
		r := newRig(t, accountOptions())
		if err := r.sessions.Close(t.Context()); err != nil { // its sessions stay usable
			t.Fatal(err)
		}
		other, err := humasess.New(r.store, &humasess.Options[number]{Now: r.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Issue(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		r.signedIn(account{ID: "u1"})
		r.events.take()
		n := 0
		for _, err := range r.sessions.All(t.Context()) {
			if n++; err != nil {
				t.Errorf("All: %v", err)
			}
		}
		if n != 1 {
			t.Errorf("got %d sessions, want 1", n)
		}
		wantKinds(t, r.events, events.Undecodable)
	})

	t.Run("an error is the last that comes", func(t *testing.T) {
		r := newRig(t, accountOptions())
		for i := range 600 {
			if _, err := r.sessions.Issue(t.Context(), account{ID: fmt.Sprint("u", i)}); err != nil {
				t.Fatal(err)
			}
		}
		broken := errors.New("broken")
		pages := 0
		r.store.Before(humasesstest.OpScan, func(context.Context) error {
			if pages++; pages > 1 {
				return broken
			}
			return nil
		})
		var last error
		n := 0
		for _, err := range r.sessions.All(t.Context()) {
			if last != nil {
				t.Error("All goes on after an error")
			}
			if last = err; err == nil {
				n++
			}
		}
		if !errors.Is(last, humasess.ErrUnavailable) || !errors.Is(last, broken) || n < 400 {
			t.Errorf("got %d sessions, then %v, want a page and %v", n, last, humasess.ErrUnavailable)
		}
	})
}

func TestRevokeEverything(t *testing.T) {
	t.Run("R4 of all users, and of this manager only", func(t *testing.T) {
		one, two := twoManagers(t, memory.New(nil))
		for i := range 100 {
			humasesstest.Login(t, one, account{ID: fmt.Sprintf("u%d", i%90)})
			humasesstest.Login(t, two, account{ID: fmt.Sprintf("u%d", i%90)})
		}
		if n, err := one.RevokeEverything(t.Context()); n != 100 || err != nil {
			t.Errorf("got %d, %v, want 100", n, err)
		}
		if all := everyone(t, one); len(all) != 0 {
			t.Errorf("left: %v, want none", slices.Collect(maps.Keys(all)))
		}
		if all := everyone(t, two); len(all) != 100 {
			t.Errorf("left of the other manager's: got %d, want 100", len(all))
		}
		if n, err := one.RevokeEverything(t.Context()); n != 0 || err != nil {
			t.Errorf("again: got %d, %v, want 0", n, err)
		}
	})

	t.Run("R4 at once, and a later sign-in succeeds", func(t *testing.T) {
		r := newRig(t, accountOptions())
		user, visitor := r.signedIn(account{ID: "u1"}), r.client()
		r.must(visitor, increment)
		r.events.take()
		if n, err := r.sessions.RevokeEverything(t.Context()); n != 2 || err != nil {
			t.Errorf("got %d, %v, want 2", n, err)
		}
		got := r.events.take()
		if len(got) != 1 || got[0].Kind != events.Revoked || got[0].Count != 2 || got[0].Reason != events.ReasonEverything {
			t.Errorf("events: got %+v, want one %s of 2", got, events.Revoked)
		}
		r.wantActive(user, false)
		r.wantActive(visitor, false)
		wantStatus(t, r.loginCall(user, start(account{ID: "u1"})), http.StatusNoContent)
		r.wantActive(user, true)
	})

	t.Run("R4 in a request, whose own Start is refused", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		w := r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if n, err := r.sessions.RevokeEverything(ctx); n != 1 || err != nil {
				t.Errorf("got %d, %v, want 1", n, err)
			}
			return s.Start(account{ID: "u1"})
		})
		wantStatus(t, w, http.StatusUnauthorized)
		if n, err := r.sessions.Count(t.Context()); n != 0 || err != nil {
			t.Errorf("left: got %d, %v, want 0", n, err)
		}
	})

	t.Run("a store that fails", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		broken := errors.New("broken")
		r.store.Fail(humasesstest.OpClear, broken)
		r.store.Fail(humasesstest.OpCount, broken)
		if _, err := r.sessions.RevokeEverything(t.Context()); !errors.Is(err, humasess.ErrUnavailable) {
			t.Errorf("RevokeEverything: got %v, want %v", err, humasess.ErrUnavailable)
		}
		if _, err := r.sessions.Count(t.Context()); !errors.Is(err, humasess.ErrUnavailable) {
			t.Errorf("Count: got %v, want %v", err, humasess.ErrUnavailable)
		}
		r.wantActive(c, true)
	})

	t.Run("a store that cannot", func(t *testing.T) {
		options := accountOptions()
		m, err := humasess.New(plainStore{memory.New(nil)}, &options)
		if err != nil {
			t.Fatal(err)
		}
		_, count := m.Count(t.Context())
		_, revoke := m.RevokeEverything(t.Context())
		var all error
		for _, err := range m.All(t.Context()) {
			all = err
		}
		for name, err := range map[string]error{"All": all, "Count": count, "RevokeEverything": revoke} {
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: got %v, want %v", name, err, errors.ErrUnsupported)
			}
		}
	})
}
