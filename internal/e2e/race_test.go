package e2e_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// raceBehaviours are about parallel requests.
var raceBehaviours = []behaviour{
	{"R11 a save racing a logout loses", resurrection},
	{"R11 a write racing a logout in the store loses", lateResurrection},
	{"X1 64 parallel updates are exact", parallelUpdates},
	{"T8 parallel renewals keep the client signed in", parallelRenewals},
	{"R6 parallel logins keep the limit", parallelLogins},
	{"requests at the same time get their own session each", crossTalk},
}

// dead requires that a token opens no session.
func dead(t *testing.T, r *rig[account], token string) {
	t.Helper()
	c := r.client()
	c.set(cookieName, token)
	r.wantActive(c, false)
}

// races are the actions of a slow request while its session ends.
var races = []struct {
	name   string
	do     handler[account]
	status int
}{
	{"slow update", increment, http.StatusUnauthorized},
	{"slow start", start(account{ID: "ada", Note: "again"}), http.StatusUnauthorized},
	{"slow renew", renew[account], http.StatusUnauthorized},
	{"slow change of identity", func(_ context.Context, s *humasess.Session[account]) error {
		return s.Update(func(a *account) error { a.ID = "eve"; return nil })
	}, http.StatusUnauthorized},
	{"slow read with an extension due", nothing[account], http.StatusNoContent},
	{"slow logout", destroy[account], http.StatusNoContent},
}

func resurrection(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	for _, tt := range races {
		t.Run(tt.name, func(t *testing.T) {
			c := r.signedIn(account{ID: "ada"})
			token := c.token()
			r.clock.Advance(accountIdleTenth)
			g := newGate()
			key := r.keep(func(ctx context.Context, s *humasess.Session[account]) error {
				if _, ok := s.Get(); !ok || !g.pass() {
					t.Error("the slow request has no session, or was never released")
				}
				return tt.do(ctx, s)
			})
			slow, done := c.clone(), make(chan *response, 1)
			go func() { done <- slow.do("POST", "/call", "", header("X-Call", key)) }()
			wait(t, "slow request", g.entered)
			r.must(c, destroy[account])
			close(g.release)
			settled(t, r, <-done, tt.status, token)
		})
	}
}

// lateResurrection runs a logout between the slow request's decision and its
// write.
func lateResurrection(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	held := []humasesstest.Op{humasesstest.OpUpdate, humasesstest.OpCreate, humasesstest.OpUpdate, humasesstest.OpCreate, humasesstest.OpTouch}
	for i, tt := range races[:len(held)] {
		t.Run(tt.name, func(t *testing.T) {
			c := r.signedIn(account{ID: "ada"})
			token := c.token()
			r.clock.Advance(accountIdleTenth)
			entered, release := r.store.Hold(held[i])
			slow, done := c.clone(), make(chan *response, 1)
			key := r.keep(tt.do)
			go func() { done <- slow.do("POST", "/call", "", header("X-Call", key)) }()
			wait(t, "slow write", entered)
			r.must(c, destroy[account])
			release()
			settled(t, r, <-done, tt.status, token)
		})
	}
}

// settled requires that no session is live after a race with a logout.
func settled(t *testing.T, r *rig[account], got *response, status int, token string) {
	t.Helper()
	got.wantStatus(t, status)
	for _, cookie := range got.Cookies() {
		if cookie.Value != "" {
			t.Errorf("Set-Cookie: got a token, want none")
			dead(t, r, cookie.Value)
		}
	}
	dead(t, r, token)
	for _, identity := range []string{"ada", "eve"} {
		if infos, err := r.sessions.List(context.Background(), identity); err != nil || len(infos) != 0 {
			t.Errorf("sessions of %s: got %+v, %v, want none", identity, infos, err)
		}
	}
}

func parallelUpdates(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	c := r.signedIn(account{ID: "ada"})
	key := r.keep(increment)
	const n = 64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			got := c.do("POST", "/call", "", header("X-Call", key))
			got.wantStatus(t, http.StatusNoContent)
			got.wantCookies(t, 0)
		})
	}
	wg.Wait()
	if got, _ := r.data(c); got.N != n {
		t.Errorf("N: got %d, want %d", got.N, n)
	}
}

func parallelRenewals(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	c := r.signedIn(account{ID: "ada"})
	key := r.keep(renew[account])
	cookies := make(chan int, 16)
	var clones []*client
	for range cap(cookies) {
		clones = append(clones, c.clone())
	}
	var wg sync.WaitGroup
	for _, from := range clones {
		wg.Go(func() {
			got := from.do("POST", "/call", "", header("X-Call", key))
			got.wantStatus(t, http.StatusNoContent)
			if len(got.Cookies()) > 0 {
				c.set(cookieName, from.token())
			}
			cookies <- len(got.Cookies())
		})
	}
	wg.Wait()
	close(cookies)
	sum := 0
	for got := range cookies {
		sum += got
	}
	if sum != 1 {
		t.Errorf("Set-Cookie lines: got %d, want that of the first", sum)
	}
	r.wantActive(c, true)
}

func parallelLogins(t *testing.T, a *adapter) {
	opts := accountOptions()
	opts.MaxPerIdentity = 3
	r := newRig(t, a, setup[account]{opts: opts})
	key := r.keep(start(account{ID: "ada"}))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() { r.client().do("POST", "/login", "", header("X-Call", key)).wantStatus(t, http.StatusNoContent) })
	}
	wg.Wait()
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || len(infos) != 3 {
		t.Errorf("sessions: got %d, %v, want 3", len(infos), err)
	}
}

func crossTalk(t *testing.T, a *adapter) {
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		huma.Get(api, "/own", func(_ context.Context, in *ownResolve) (*meOutput, error) { return &meOutput{in.Value()}, nil })
		huma.Get(api, "/layered", func(_ context.Context, in *layered) (*meOutput, error) { return &meOutput{in.Value()}, nil })
		huma.Get(api, "/me", func(_ context.Context, in *meInput) (*meOutput, error) { return &meOutput{in.Value()}, nil })
	})
	var wg sync.WaitGroup
	shared := r.client()
	for i := range 8 {
		id := string(rune('a' + i))
		c := r.signedIn(account{ID: id})
		c.http = shared.http
		wg.Go(func() {
			for round := range 15 {
				var got account
				path := []string{"/own", "/layered", "/me"}[(i+round)%3]
				if c.do("GET", path, "").decode(t, &got); got.ID != id {
					t.Errorf("%s as %s: got %s", path, id, got.ID)
				}
			}
		})
	}
	wg.Wait()
}
