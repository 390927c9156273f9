package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// line is one event in a few words.
func line(e events.Event) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s", events.Series{Kind: e.Kind, Reason: e.Reason}, e.Operation))
}

func TestEventOrder(t *testing.T) {
	o := rotating()
	o.RevokeReused = true
	r := newRig(t, o)
	c := r.client()
	var id, former string
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"E1 sign in", func() { r.loginCall(c, start(account{ID: "u1"})) }, []string{"created/sign_in post-login"}},
		{"E1 a read", func() { r.must(c, nothing[account]) }, nil},
		{"E1 a change", func() { r.must(c, increment) }, nil},
		{"E1 use extends it", func() { r.clock.Advance(idle / 10); r.must(c, nothing[account]) }, []string{"touched post-call"}},
		{"E1 a second use does not", func() { r.must(c, nothing[account]) }, nil},
		{"E1 a cookie that is none", func() { r.call(r.withToken("x"), nothing[account]) }, []string{"rejected/malformed post-call"}},
		{"E1 a guess", func() { r.call(r.withToken(strings.Repeat("A", 64)), nothing[account]) }, []string{"rejected/unknown post-call"}},
		{"E1 another origin", func() {
			r.call(c, nothing[account], withHeaders("Sec-Fetch-Site", "cross-site"))
		}, []string{"refused/cross_origin post-call"}},
		{"E1 renewal", func() { former = token(c); r.must(c, renew[account]) }, []string{"renewed post-call"}},
		{"E1 the token is confirmed", func() { r.must(c, nothing[account]) }, nil},
		{"E1 renewal by time", func() { r.clock.Advance(rotate); r.must(c, nothing[account]) }, []string{"renewed/periodic post-call"}},
		{"E1 signing in again ends the session before", func() {
			r.loginCall(c, start(account{ID: "u1"}))
		}, []string{"destroyed/replaced post-login", "created/sign_in post-login"}},
		{"E1 another user's", func() {
			r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
				return s.Update(func(a *account) error { a.ID = "u2"; return nil })
			})
		}, []string{"destroyed/replaced post-call", "created/sign_in post-call"}},
		{"E1 a store that is down", func() {
			r.store.Fail(humasesstest.OpLoad, errDown)
			r.call(c, nothing[account])
			r.store.Fail(humasesstest.OpLoad, nil)
		}, []string{"store_failed post-call"}},
		{"E1 an extension that fails", func() {
			r.clock.Advance(idle / 10)
			r.store.Fail(humasesstest.OpTouch, errDown)
			r.call(c, nothing[account])
			r.store.Fail(humasesstest.OpTouch, nil)
		}, []string{"store_failed post-call"}},
		{"E1 reuse ends the session", func() {
			former = token(c)
			r.must(c, renew[account])
			r.must(c, nothing[account])
			r.clock.Advance(grace + 1)
			r.call(r.withToken(former), nothing[account])
		}, []string{"renewed post-call", "reused post-call", "revoked/reused post-call"}},
		{"E1 which is unknown from then on", func() { r.call(c, nothing[account]) }, []string{"rejected/unknown post-call"}},
		{"E1 sign out", func() {
			c = r.client()
			r.loginCall(c, start(account{ID: "u1"}))
			r.must(c, destroy[account])
		}, []string{"created/sign_in post-login", "destroyed/sign_out post-call"}},
		{"E1 sign out again", func() { r.must(c, destroy[account]) }, nil},
		{"E1 one that expires says nothing", func() {
			r.loginCall(c, start(account{ID: "u1"}))
			r.clock.Advance(unused)
			r.call(c, nothing[account])
		}, []string{"created/sign_in post-login", "rejected/unknown post-call"}},
		{"E1 an administrator", func() {
			c = r.client()
			r.loginCall(c, start(account{ID: "u1"}))
			if _, err := r.sessions.RevokeIdentity(t.Context(), "u1"); err != nil {
				t.Error(err)
			}
		}, []string{"created/sign_in post-login", "revoked"}},
	} {
		t.Run(step.name, func(t *testing.T) {
			r.in(t)
			r.events.take()
			step.do()
			var got []string
			for _, e := range r.events.take() {
				got = append(got, line(e))
				if e.Scheme != "sessionCookie" {
					t.Errorf("scheme: got %q", e.Scheme)
				}
				if e.Kind == events.Created {
					id = e.SessionID
				}
				if e.Kind == events.Touched && e.SessionID != id {
					t.Errorf("touched: got session %q, want %q", e.SessionID, id)
				}
			}
			if !slices.Equal(got, step.want) {
				t.Errorf("got %q, want %q", got, step.want)
			}
		})
	}
}

// A touch is told at most once for each that is written.
func TestTouchedEvents(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	r.events.take()
	r.store.Reset()
	for range 1000 {
		r.clock.Advance(10 * time.Second)
		r.must(c, nothing[account])
	}
	touched := 0
	for _, kind := range r.events.kinds() {
		if kind != events.Touched {
			t.Errorf("got %q, want touches only", kind)
		}
		touched++
	}
	t.Run("E1 L10 as many as are written", func(t *testing.T) {
		if want := r.store.Calls()[humasesstest.OpTouch]; touched != want || touched < 50 || touched > 56 {
			t.Errorf("got %d, want %d: one for each three minutes", touched, want)
		}
	})
}

func TestCounters(t *testing.T) {
	var c events.Counters
	rejected := events.Series{Kind: events.Rejected, Reason: events.ReasonUnknown}
	t.Run("E3 nothing at first", func(t *testing.T) {
		if got := c.String(); got != "{}" || c.Value(rejected) != 0 {
			t.Errorf("got %s and %d, want nothing", got, c.Value(rejected))
		}
	})
	o := accountOptions()
	r := newRig(t, o)
	t.Run("E3 guesses are seen by their reason, from many goroutines", func(t *testing.T) {
		r.in(t)
		done := make(chan struct{})
		for range 8 {
			go func() {
				defer func() { done <- struct{}{} }()
				for range 50 {
					r.call(r.withToken(strings.Repeat("A", 64)), nothing[account])
					r.call(r.withToken("x"), nothing[account])
				}
			}()
		}
		for range 8 {
			<-done
		}
		for _, e := range r.events.take() {
			c.Count(t.Context(), e)
		}
		want := map[events.Series]int64{
			rejected: 400, {Kind: events.Rejected, Reason: events.ReasonMalformed}: 400,
		}
		if got := maps.Collect(c.All()); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got, want := c.String(), `{"rejected/malformed":400,"rejected/unknown":400}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("E3 sessions and not calls, where one event ends several", func(t *testing.T) {
		for _, n := range []int{3, 0, -1} {
			c.Count(t.Context(), events.Event{Kind: events.Revoked, Count: n, Err: errors.New("x")})
		}
		if got := c.Value(events.Series{Kind: events.Revoked}); got != 5 {
			t.Errorf("got %d, want 5", got)
		}
	})
	t.Run("E3 counting allocates nothing", func(t *testing.T) {
		e := events.Event{Kind: events.Rejected, Reason: events.ReasonUnknown}
		if got := testing.AllocsPerRun(100, func() { c.Count(t.Context(), e) }); got != 0 {
			t.Errorf("got %v allocations, want 0", got)
		}
	})
	t.Run("E3 reading may stop", func(t *testing.T) {
		n := 0
		for range c.All() {
			n++
			break
		}
		if n != 1 {
			t.Errorf("got %d series, want 1", n)
		}
	})
}
