package humasess_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
)

const (
	grace  = 10 * time.Second
	rotate = 15 * time.Minute
)

func rotating() humasess.Options[account] {
	o := accountOptions()
	o.RotateEvery = rotate
	return o
}

func TestRotateEvery(t *testing.T) {
	t.Run("T9 not before the interval, then with one write", func(t *testing.T) {
		r := newRig(t, rotating())
		c := r.signedIn(account{ID: "u1", N: 3})
		old := token(c)
		r.clock.Advance(rotate - 1)
		wantCookies(t, r.must(c, nothing[account]), 0)
		r.clock.Advance(1)
		r.store.Reset()
		r.events.take()
		wantCookies(t, r.must(c, nothing[account]), 1)
		r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1, humasesstest.OpUpdate: 1})
		if got := r.events.take(); len(got) != 1 || got[0].Kind != events.Renewed || got[0].Reason != events.ReasonPeriodic {
			t.Errorf("events: got %+v, want one renewal that says it is periodic", got)
		}
		if token(c) == old {
			t.Error("the token is the old one")
		}
		if got, ok := r.data(c); !ok || got.N != 3 {
			t.Errorf("data: got %+v, %v, want N 3", got, ok)
		}
	})
	t.Run("T9 counted from the last rotation for any reason", func(t *testing.T) {
		r := newRig(t, rotating())
		c := r.signedIn(account{ID: "u1"})
		for _, do := range []handler[account]{renew[account], revokeOthers} {
			r.clock.Advance(10 * time.Minute)
			wantCookies(t, r.must(c, do), 1)
			r.clock.Advance(rotate - 1)
			wantCookies(t, r.must(c, nothing[account]), 0)
			r.clock.Advance(1)
			wantCookies(t, r.must(c, nothing[account]), 1)
		}
	})
	t.Run("L9 keeps the absolute deadline", func(t *testing.T) {
		r := newRig(t, rotating())
		c := r.signedIn(account{ID: "u1"})
		begin := r.clock.Now()
		for r.clock.Now().Sub(begin) < absolute-time.Minute {
			r.clock.Advance(time.Minute)
			r.wantActive(c, true)
		}
		r.clock.Advance(time.Minute)
		r.wantActive(c, false)
	})
	t.Run("T9 an error response sends no token and rotates nothing", func(t *testing.T) {
		r := newRig(t, rotating())
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(rotate)
		w := r.call(c, func(context.Context, *humasess.Session[account]) error { return context.Canceled })
		wantCookies(t, w, 0)
		wantCookies(t, r.must(c, nothing[account]), 1)
	})
	t.Run("T9 one of two parallel requests rotates, both keep their changes", func(t *testing.T) {
		r := newRig(t, rotating())
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		r.clock.Advance(rotate)
		s := newSlowly()
		slow := inBackground(func() *httptest.ResponseRecorder { return r.call(r.withToken(old), s.after(increment)) })
		<-s.arrived
		wantCookies(t, r.must(c, increment), 1)
		close(s.leave)
		w := slow.wait()
		wantStatus(t, w, http.StatusNoContent)
		wantCookies(t, w, 0)
		if got, ok := r.data(c); !ok || got.N != 2 {
			t.Errorf("data: got %+v, %v, want N 2", got, ok)
		}
	})
	t.Run("T9 X5 a read is answered although the rotation cannot be written", func(t *testing.T) {
		r := newRig(t, rotating())
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(rotate)
		r.events.take()
		fail := true
		r.store.Before(humasesstest.OpUpdate, func(context.Context) error {
			if fail {
				return context.DeadlineExceeded
			}
			return nil
		})
		wantCookies(t, r.must(c, nothing[account]), 0)
		wantKinds(t, r.events, events.StoreFailed)
		fail = false
		wantCookies(t, r.must(c, nothing[account]), 1)
	})
	t.Run("R11 a session that ends meanwhile stays ended, and no token is sent", func(t *testing.T) {
		r := newRig(t, rotating())
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(rotate)
		w := r.must(c, func(ctx context.Context, s *humasess.Session[account]) error { return r.sessions.Revoke(ctx, s.ID()) })
		wantCookies(t, w, 0)
		r.wantActive(c, false)
	})
	t.Run("T9 with a negative grace the former token dies at once", func(t *testing.T) {
		o := rotating()
		o.RotationGrace = -1
		r := newRig(t, o)
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		r.clock.Advance(rotate)
		r.must(c, nothing[account])
		r.wantDead(old)
		wantCookies(t, r.must(c, nothing[account]), 0)
	})
	t.Run("L11 a clock that steps back rotates once and not for ever", func(t *testing.T) {
		r := newRig(t, rotating())
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(-time.Hour)
		wantCookies(t, r.must(c, nothing[account]), 1)
		wantCookies(t, r.must(c, nothing[account]), 0)
	})
	t.Run("T9 off by default", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		for range 30 {
			r.clock.Advance(20 * time.Minute)
			wantCookies(t, r.must(c, nothing[account]), 0)
		}
	})
}

// A rotation whose response is lost leaves its client with the former token.
func TestLostRotation(t *testing.T) {
	// loses signs in and rotates without telling the client.
	loses := func(r *rig[account]) (c *humasesstest.Client, unseen string) {
		c = r.signedIn(account{ID: "u1"})
		r.clock.Advance(rotate)
		other := c.Clone()
		r.must(other, nothing[account])
		return c, token(other)
	}
	t.Run("T9 the former token lives on, and gets another one after the grace", func(t *testing.T) {
		r := newRig(t, rotating())
		c, _ := loses(r)
		r.clock.Advance(grace)
		wantCookies(t, r.must(c, nothing[account]), 0) // it may still arrive
		r.clock.Advance(1)
		r.events.take()
		wantCookies(t, r.must(c, nothing[account]), 1)
		if got := r.events.take(); len(got) != 1 || got[0].Reason != events.ReasonReissued {
			t.Errorf("events: got %+v, want one renewal that says it is a re-issue", got)
		}
		r.wantActive(c, true)
	})
	t.Run("T9 Renew asks for it too", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		r.must(c.Clone(), renew[account])
		wantCookies(t, r.must(c, renew[account]), 0)
		r.clock.Advance(grace + 1)
		wantCookies(t, r.must(c, renew[account]), 1)
		r.wantActive(c, true)
	})
	t.Run("T9 the one that was late opens the session until another is presented", func(t *testing.T) {
		r := newRig(t, rotating())
		c, late := loses(r)
		old := token(c)
		r.clock.Advance(grace + 1)
		r.must(c, nothing[account]) // another one is issued
		r.wantActive(r.withToken(late), true)
		r.wantActive(r.withToken(old), true)
		r.wantActive(c, true) // and presented
		r.clock.Advance(grace)
		r.wantActive(r.withToken(late), true)
		r.clock.Advance(1)
		r.wantDead(late, old)
		r.wantActive(c, true)
	})
	t.Run("T9 and its bearer gets another one, if that one is lost too", func(t *testing.T) {
		r := newRig(t, rotating())
		c, late := loses(r)
		r.clock.Advance(grace + 1)
		r.must(c.Clone(), nothing[account]) // lost as well
		mine := r.withToken(late)
		r.clock.Advance(grace + 1)
		wantCookies(t, r.must(mine, nothing[account]), 1)
		r.wantActive(r.withToken(late), true) // requests under way
		r.wantActive(mine, true)
		r.clock.Advance(grace + 1)
		r.wantDead(late, token(c))
	})
}

func TestReuse(t *testing.T) {
	reusing := func(revoke bool) humasess.Options[account] {
		o := rotating()
		o.RevokeReused = revoke
		return o
	}
	// rotated returns a client whose former tokens are dead.
	rotated := func(r *rig[account], times int) (c *humasesstest.Client, old []string) {
		c = r.signedIn(account{ID: "u1"})
		for range times {
			old = append(old, token(c))
			r.clock.Advance(rotate)
			r.must(c, nothing[account])
		}
		r.must(c, nothing[account])
		r.clock.Advance(grace + 1)
		r.events.take()
		return c, old
	}
	t.Run("T9 each of the last 16 is reported, and refused like any other", func(t *testing.T) {
		r := newRig(t, reusing(false))
		c, old := rotated(r, 20)
		unknown := r.requiredCall(r.withToken(spoilt(token(r.signedIn(account{ID: "u1"})))), nothing[account])
		r.events.take()
		for i, secret := range old {
			w := r.requiredCall(r.withToken(secret), nothing[account])
			if !same(w, unknown) {
				t.Errorf("secret %d: got %v %s, want the answer to an unknown one", i, w.Header(), w.Body)
			}
			want := events.Reused
			if i < len(old)-17 { // 16, and the previous one
				want = events.Rejected
			}
			wantKinds(t, r.events, want, events.Challenged)
		}
		r.wantActive(c, true)
	})
	t.Run("T9 by option it ends the session, in any order", func(t *testing.T) {
		for _, i := range []int{0, 2} {
			r := newRig(t, reusing(true))
			c, old := rotated(r, 3)
			wantStatus(t, r.requiredCall(r.withToken(old[i]), nothing[account]), http.StatusUnauthorized)
			got := r.events.take()
			if len(got) != 3 || got[0].Kind != events.Reused || got[1].Kind != events.Revoked || got[1].Reason != events.ReasonReused {
				t.Errorf("secret %d: got events %+v, want a reuse and a revocation for it", i, got)
			}
			r.wantActive(c, false)
		}
	})
	t.Run("T9 a thief that renews is found out by the owner", func(t *testing.T) {
		// Both have the same token, and the thief is the first to renew it.
		r := newRig(t, reusing(true))
		c := r.signedIn(account{ID: "u1"})
		thief := c.Clone()
		r.clock.Advance(rotate)
		r.must(thief, nothing[account])
		r.must(thief, nothing[account])
		r.clock.Advance(grace + 1)
		wantStatus(t, r.requiredCall(c, nothing[account]), http.StatusUnauthorized)
		r.wantActive(thief, false)
	})
	t.Run("T9 within the grace it is no reuse", func(t *testing.T) {
		r := newRig(t, reusing(true))
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		r.clock.Advance(rotate)
		r.must(c, nothing[account])
		r.must(c, nothing[account])
		r.clock.Advance(grace)
		r.events.take()
		r.wantActive(r.withToken(old), true)
		wantKinds(t, r.events)
	})
	t.Run("T8 one that was renewed without grace is reported at once", func(t *testing.T) {
		r := newRig(t, reusing(false))
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		r.must(c, revokeOthers)
		r.events.take()
		r.wantActive(r.withToken(old), false)
		wantKinds(t, r.events, events.Reused)
	})
	t.Run("T12 beside the current one it is an old cookie, not a thief", func(t *testing.T) {
		r := newRig(t, reusing(true))
		c, old := rotated(r, 2)
		both := func(req *http.Request) {
			req.Header.Set("Cookie", cookieName+"="+old[0]+"; "+cookieName+"="+token(c))
		}
		wantStatus(t, r.requiredCall(r.client(), nothing[account], both), http.StatusNoContent)
		wantKinds(t, r.events)
	})
	t.Run("T12 beside an unknown one it is reported", func(t *testing.T) {
		r := newRig(t, reusing(true))
		c, old := rotated(r, 2)
		both := func(req *http.Request) {
			req.Header.Set("Cookie", cookieName+"="+spoilt(old[0])+"; "+cookieName+"="+old[0])
		}
		wantStatus(t, r.requiredCall(r.client(), nothing[account], both), http.StatusUnauthorized)
		if got := r.events.kinds(); !slices.Contains(got, events.Reused) {
			t.Errorf("events: got %q, want a reuse", got)
		}
		r.wantActive(c, false)
	})
	t.Run("T2 a guess is no reuse", func(t *testing.T) {
		r := newRig(t, reusing(true))
		c, _ := rotated(r, 3)
		guess := token(c)[:22] + token(r.signedIn(account{ID: "u1"}))[22:]
		r.events.take()
		r.wantActive(r.withToken(guess), false)
		wantKinds(t, r.events, events.Rejected)
		r.wantActive(c, true)
	})
	t.Run("a store that cannot end it changes nothing for the client", func(t *testing.T) {
		r := newRig(t, reusing(true))
		_, old := rotated(r, 2)
		r.store.Before(humasesstest.OpDelete, func(context.Context) error { return context.DeadlineExceeded })
		wantStatus(t, r.requiredCall(r.withToken(old[0]), nothing[account]), http.StatusUnauthorized)
		wantKinds(t, r.events, events.Reused, events.StoreFailed, events.Challenged)
	})
}

// A thief of the former token can use the session within the grace, but gets no access
// that lasts longer.
func TestThiefWithinTheGrace(t *testing.T) {
	tests := []struct {
		name string
		do   handler[account]
		want int
	}{
		{"reads", nothing[account], http.StatusNoContent},
		{"renews", renew[account], http.StatusNoContent},
		{"asks for a lasting cookie", remember(true), http.StatusNoContent},
		{"starts over", start(account{ID: "u1"}), http.StatusConflict},
		{"becomes another", func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "u2"; return nil })
		}, http.StatusConflict},
		{"revokes the others", revokeOthers, http.StatusConflict},
		{"revokes all", func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeAll(ctx)
			return err
		}, http.StatusConflict},
	}
	for _, tt := range tests {
		for _, seen := range []bool{false, true} {
			t.Run(fmt.Sprintf("T9 %s, owner has used the new token: %v", tt.name, seen), func(t *testing.T) {
				r := newRig(t, rotating())
				c := r.signedIn(account{ID: "u1"})
				stolen := token(c)
				r.clock.Advance(rotate)
				r.must(c, nothing[account])
				if seen {
					r.wantActive(c, true)
				}
				r.clock.Advance(grace)
				w := r.call(r.withToken(stolen), tt.do)
				wantStatus(t, w, tt.want)
				wantCookies(t, w, 0)
				r.wantActive(c, true)
				r.clock.Advance(grace + 1)
				r.wantDead(stolen)
				r.wantActive(c, true)
			})
		}
	}
}
