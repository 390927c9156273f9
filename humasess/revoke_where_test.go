package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// ofSignIn returns a function that chooses the sessions of one sign-in at a provider.
// The note of an account stands for the sid that the provider gave to it.
func ofSignIn(sid string) func(humasess.Info[account]) bool {
	return func(i humasess.Info[account]) bool { return i.Data.Note == sid }
}

// endSignIn ends the sessions of u1 that the function chooses.
func (r *rig[T]) endSignIn(ctx context.Context, where func(humasess.Info[T]) bool, want int) {
	r.t.Helper()
	if n, err := r.sessions.RevokeWhere(ctx, "u1", where); n != want || err != nil {
		r.t.Errorf("RevokeWhere: got %d, %v, want %d", n, err, want)
	}
}

func laptop() account { return account{ID: "u1", Note: "laptop"} }

func TestRevokeWhere(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, accountOptions())
	t.Run("R17 ends the sessions of one sign-in at the provider", func(t *testing.T) {
		a, b, phone := r.signedIn(laptop()), r.signedIn(laptop()), r.signedIn(account{ID: "u1", Note: "phone"})
		other := r.signedIn(account{ID: "u2", Note: "laptop"})
		r.events.take()
		var shown []humasess.Info[account]
		r.endSignIn(ctx, func(i humasess.Info[account]) bool {
			shown = append(shown, i)
			return ofSignIn("laptop")(i)
		}, 2)
		if got := r.events.take(); len(got) != 1 || got[0].Kind != events.Revoked || got[0].Count != 2 {
			t.Errorf("events: got %+v, want one of 2 revoked sessions", got)
		}
		for c, want := range map[*humasesstest.Client]bool{a: false, b: false, phone: true, other: true} {
			r.wantActive(c, want)
		}
		left, err := r.sessions.List(ctx, "u1")
		if err != nil || len(left) != 1 || len(shown) != 3 {
			t.Fatalf("got %d sessions, %d shown and error %v, want 1 and 3", len(left), len(shown), err)
		}
		for _, i := range shown {
			if i.Identity != "u1" || i.ID == left[0].ID && (i.CreatedAt != left[0].CreatedAt || i.Carrier != left[0].Carrier) {
				t.Errorf("shown: got %+v, want the session as List has it", i)
			}
		}
		r.endSignIn(ctx, ofSignIn("laptop"), 0)
	})
	t.Run("R17 the mark comes before the list", func(t *testing.T) {
		r := newRig(t, accountOptions())
		r.signedIn(laptop())
		var order []humasesstest.Op
		for _, op := range []humasesstest.Op{humasesstest.OpMarkChanged, humasesstest.OpList, humasesstest.OpDelete} {
			r.store.Before(op, func(context.Context) error { order = append(order, op); return nil })
		}
		r.endSignIn(ctx, ofSignIn("laptop"), 1)
		if want := []humasesstest.Op{humasesstest.OpMarkChanged, humasesstest.OpList, humasesstest.OpDelete}; !slices.Equal(order, want) {
			t.Errorf("store calls: got %v, want %v", order, want)
		}
	})
	t.Run("R17 sessions whose data do not decode end", func(t *testing.T) {
		store := memory.New(nil)
		old := release(t, store, func(o *humasess.Options[account]) { o.Codec = taggedCodec("v1") })
		r := release(t, store, func(o *humasess.Options[account]) { o.Codec = taggedCodec("v2") })
		value, c := token(old.signedIn(laptop())), r.signedIn(laptop())
		r.events.take()
		r.endSignIn(ctx, func(humasess.Info[account]) bool { return false }, 1)
		wantKinds(t, r.events, events.Undecodable, events.Revoked)
		old.wantActive(old.withToken(value), false)
		r.wantActive(c, true)
	})
	t.Run("R17 a session of the calling request ends", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(laptop())
		w := r.requiredCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
			r.endSignIn(ctx, ofSignIn("laptop"), 1)
			return s.Update(func(a *account) error { a.N++; return nil })
		})
		wantStatus(t, w, http.StatusUnauthorized)
		r.wantActive(c, false)
	})
	t.Run("a store that fails is reported, with the sessions that have ended", func(t *testing.T) {
		for op, want := range map[humasesstest.Op]int{humasesstest.OpMarkChanged: 0, humasesstest.OpList: 0, humasesstest.OpDelete: 1} {
			timed(t, func(r *rig[account]) {
				r.signedIn(laptop())
				r.signedIn(laptop())
				calls := 0
				r.store.Before(op, func(context.Context) error {
					if calls++; calls > want {
						return errDown
					}
					return nil
				})
				r.events.take()
				n, err := r.sessions.RevokeWhere(ctx, "u1", ofSignIn("laptop"))
				if n != want || !errors.Is(err, humasess.ErrUnavailable) {
					r.t.Errorf("%s: got %d, %v, want %d and %v", op, n, err, want, humasess.ErrUnavailable)
				}
				kinds := []events.Kind{events.StoreFailed, events.Revoked}[:1+want]
				wantKinds(r.t, r.events, kinds...)
			})
		}
	})
}

// TestRevokeWhereRace changes sessions between the list and the deletion.
func TestRevokeWhereRace(t *testing.T) {
	ctx := context.Background()
	// first calls f before the first deletion.
	first := func(r *rig[account], f func()) {
		done := false
		r.store.Before(humasesstest.OpDelete, func(context.Context) error {
			if !done {
				done = true
				f()
			}
			return nil
		})
	}
	for name, tt := range map[string]struct {
		change func(*account) error
		want   int
	}{
		"and is chosen still":   {func(a *account) error { a.N++; return nil }, 1},
		"and is chosen no more": {func(a *account) error { a.Note = "phone"; return nil }, 0},
	} {
		t.Run("R17 the function is asked again about a session that changes, "+name, func(t *testing.T) {
			r := newRig(t, accountOptions())
			c := r.signedIn(laptop())
			first(r, func() {
				r.must(c, func(_ context.Context, s *humasess.Session[account]) error { return s.Update(tt.change) })
			})
			asked := 0
			r.endSignIn(ctx, func(i humasess.Info[account]) bool { asked++; return ofSignIn("laptop")(i) }, tt.want)
			if asked != 2 {
				t.Errorf("the function was asked %d times, want 2", asked)
			}
			r.wantActive(c, tt.want == 0)
		})
	}
	t.Run("R17 a session that a sign-in carries on ends", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(laptop())
		first(r, func() {
			wantStatus(t, r.loginCall(c, func(_ context.Context, s *humasess.Session[account]) error {
				data, _ := s.Get()
				return s.Start(data)
			}), http.StatusNoContent)
		})
		r.endSignIn(ctx, ofSignIn("laptop"), 1)
		r.wantActive(c, false)
	})
	t.Run("a session that signs out meanwhile is not counted", func(t *testing.T) {
		r := newRig(t, accountOptions())
		a, b := r.signedIn(laptop()), r.signedIn(laptop())
		first(r, func() {
			r.store.Before(humasesstest.OpDelete, nil)
			r.must(a, destroy[account])
		})
		r.endSignIn(ctx, ofSignIn("laptop"), 1)
		r.wantActive(b, false)
	})
	t.Run("a session that changes all the time is an error", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(laptop())
			r.store.Before(humasesstest.OpDelete, func(context.Context) error { r.must(c, increment); return nil })
			if n, err := r.sessions.RevokeWhere(ctx, "u1", ofSignIn("laptop")); n != 0 || !errors.Is(err, humasess.ErrConflict) {
				r.t.Errorf("got %d, %v, want %v", n, err, humasess.ErrConflict)
			}
		})
	})
	t.Run("a session that the store lists and does not find ends the call", func(t *testing.T) {
		r := newRig(t, accountOptions())
		r.signedIn(laptop())
		r.store.Fail(humasesstest.OpDelete, stores.ErrNotFound)
		r.store.Reset()
		r.endSignIn(ctx, ofSignIn("laptop"), 0)
		if got := r.store.Calls()[humasesstest.OpList]; got != 2 {
			t.Errorf("got %d lists, want 2", got)
		}
	})
	t.Run("X10 a lost answer of the deletion counts once", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(laptop())
			loses(r, humasesstest.OpDelete, 1, true)
			r.endSignIn(ctx, ofSignIn("laptop"), 1)
			r.wantActive(c, false)
		})
	})
}

// TestRevokeWhereDuringSignIn leaves the mark while a sign-in is in progress.
func TestRevokeWhereDuringSignIn(t *testing.T) {
	ctx := context.Background()
	login := func(r *rig[account], c *humasesstest.Client) func(handler[account]) *httptest.ResponseRecorder {
		return func(do handler[account]) *httptest.ResponseRecorder { return r.loginCall(c, do) }
	}
	t.Run("R17 a sign-in that was in progress is refused", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		w := during(login(r, c), func() { r.endSignIn(ctx, ofSignIn("laptop"), 0) }, start(laptop()))
		wantRetry(t, w, http.StatusConflict, "0")
		if got := problemOf(t, w).Type; got != "urn:humasess:problem:changed-during-sign-in" {
			t.Errorf("H4 type: got %q", got)
		}
		wantCookies(t, w, 0)
		wantStatus(t, r.loginCall(c, start(laptop())), http.StatusNoContent)
	})
	t.Run("another user's sign-in goes on", func(t *testing.T) {
		r := newRig(t, accountOptions())
		w := during(login(r, r.client()), func() { r.endSignIn(ctx, ofSignIn("laptop"), 0) }, start(account{ID: "u2"}))
		wantStatus(t, w, http.StatusNoContent)
	})
	t.Run("the request that calls may sign in", func(t *testing.T) {
		r := newRig(t, accountOptions())
		old := r.signedIn(laptop())
		c := r.client()
		wantStatus(t, r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
			r.endSignIn(ctx, ofSignIn("laptop"), 1)
			return s.Start(laptop())
		}), http.StatusNoContent)
		r.wantActive(old, false)
		r.wantActive(c, true)
	})
}
