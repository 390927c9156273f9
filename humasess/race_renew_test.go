package humasess_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

func revokeOthers(ctx context.Context, s *humasess.Session[account]) error {
	_, err := s.RevokeOthers(ctx)
	return err
}

func TestRenewRacesRenew(t *testing.T) {
	t.Run("T9 one of two wins, and the user stays signed in", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1", N: 3})
		old := token(c)
		s := newSlowly()
		loser := inBackground(func() *httptest.ResponseRecorder { return r.call(r.withToken(old), s.after(renew[account])) })
		<-s.arrived
		winner := r.call(c, renew[account])
		close(s.leave)
		w := loser.wait()
		wantStatus(t, winner, http.StatusNoContent)
		wantStatus(t, w, http.StatusNoContent)
		wantCookies(t, winner, 1)
		wantCookies(t, w, 0)
		r.wantActive(c, true)
		r.wantActive(r.withToken(old), true) // within the grace
		r.clock.Advance(10 * time.Second)
		r.wantActive(r.withToken(old), true) // to the end of it
		r.clock.Advance(time.Nanosecond)
		r.wantDead(old)
		r.wantActive(c, true)
	})
	t.Run("T9 one of 32 wins", func(t *testing.T) {
		r := newRig(t, accountOptions())
		old := token(r.signedIn(account{ID: "u1"}))
		var wg sync.WaitGroup
		var mu sync.Mutex
		var given []string
		for range 32 {
			wg.Go(func() {
				w := r.call(r.withToken(old), renew[account])
				wantStatus(t, w, http.StatusNoContent)
				mu.Lock()
				defer mu.Unlock()
				given = append(given, live(t, w)...)
			})
		}
		wg.Wait()
		if len(given) != 1 {
			t.Fatalf("cookies: got %d, want 1", len(given))
		}
		r.wantActive(r.withToken(given[0]), true) // the grace begins
		r.clock.Advance(11 * time.Second)
		r.wantDead(old)
		r.wantActive(r.withToken(given[0]), true)
	})
	t.Run("T9 a renewal that lost keeps its change", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		s := newSlowly()
		loser := inBackground(func() *httptest.ResponseRecorder {
			return r.call(r.withToken(old), s.after(func(ctx context.Context, s *humasess.Session[account]) error {
				if err := s.Renew(); err != nil {
					return err
				}
				return increment(ctx, s)
			}))
		})
		<-s.arrived
		r.must(c, renew[account])
		close(s.leave)
		w := loser.wait()
		wantStatus(t, w, http.StatusNoContent)
		wantCookies(t, w, 0)
		if got, ok := r.data(c); !ok || got.N != 1 {
			t.Errorf("data: got %+v, %v, want N 1", got, ok)
		}
	})
	t.Run("T9 no grace", func(t *testing.T) {
		opts := accountOptions()
		opts.RotationGrace = -1
		r := newRig(t, opts)
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		r.must(c, renew[account])
		r.wantDead(old)
		r.wantActive(c, true)
	})
	t.Run("T8 two renewals back is dead within the grace", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		first := token(c)
		r.must(c, renew[account])
		second := token(c)
		r.must(c, renew[account])
		r.wantDead(first)
		r.wantActive(r.withToken(second), true)
		r.wantActive(c, true)
	})
}

func TestFormerToken(t *testing.T) {
	t.Run("R5 its bearer may not revoke another session", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c, other := r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u1"})
		former := r.withToken(token(c))
		r.must(c, renew[account])
		var id string
		r.must(other, func(_ context.Context, s *humasess.Session[account]) error { id = s.ID(); return nil })
		w := r.call(former, func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, id) })
		wantStatus(t, w, http.StatusConflict)
		r.wantActive(other, true)
	})
	t.Run("T8 R3 RevokeOthers kills it at once", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		first := token(c)
		r.must(c, renew[account])
		second := token(c)
		r.wantActive(r.withToken(first), true)
		wantCookies(t, r.must(c, revokeOthers), 1)
		r.wantDead(first, second)
		r.wantActive(c, true)
	})
	t.Run("T8 it dies with a change of identity", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		first := token(c)
		r.must(c, renew[account])
		second := token(c)
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "u2"; return nil })
		})
		r.wantDead(first, second)
		if got, _ := r.data(c); got.ID != "u2" {
			t.Errorf("identity: got %q, want u2", got.ID)
		}
	})
	t.Run("R3 RevokeOthers that a renewal overtakes is refused", func(t *testing.T) {
		// The client that renews meanwhile may be a thief. It has the only token that
		// lasts, so an answer that the others have ended would be wrong.
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		owner := r.withToken(token(c))
		s := newSlowly()
		slow := inBackground(func() *httptest.ResponseRecorder { return r.call(owner, s.after(revokeOthers)) })
		<-s.arrived
		r.must(c, renew[account])
		close(s.leave)
		w := slow.wait()
		wantStatus(t, w, http.StatusConflict)
		wantCookies(t, w, 0)
	})
	t.Run("T8 an identity change that a renewal overtakes is refused", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		old := r.withToken(token(c))
		s := newSlowly()
		slow := inBackground(func() *httptest.ResponseRecorder {
			return r.call(old, s.after(func(_ context.Context, s *humasess.Session[account]) error {
				return s.Update(func(a *account) error { a.ID = "u2"; return nil })
			}))
		})
		<-s.arrived
		r.must(c, renew[account])
		close(s.leave)
		w := slow.wait()
		wantStatus(t, w, http.StatusConflict)
		wantCookies(t, w, 0)
		if got, _ := r.data(c); got.ID != "u1" {
			t.Errorf("identity: got %q, want u1", got.ID)
		}
	})
	t.Run("R1 logging out with it ends the session", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		former := r.withToken(token(c))
		r.must(c, renew[account])
		r.must(former, destroy[account])
		r.wantActive(c, false)
	})
}

func TestLoginRacesLogout(t *testing.T) {
	for _, first := range []string{"login", "logout"} {
		t.Run("R1 "+first+" first", func(t *testing.T) {
			r, inner := newCountedRig(t, accountOptions())
			old := token(r.signedIn(account{ID: "u1"}))
			in, out := newSlowly(), newSlowly()
			login := inBackground(func() *httptest.ResponseRecorder {
				return r.loginCall(r.withToken(old), in.after(start(account{ID: "u2"})))
			})
			logout := inBackground(func() *httptest.ResponseRecorder {
				return r.call(r.withToken(old), out.after(destroy[account]))
			})
			<-in.arrived
			<-out.arrived
			var w *httptest.ResponseRecorder
			finish := map[string]func(){
				"login":  func() { close(in.leave); w = login.wait() },
				"logout": func() { close(out.leave); wantStatus(t, logout.wait(), http.StatusNoContent) },
			}
			finish[first]()
			delete(finish, first)
			for _, f := range finish {
				f()
			}
			wantStatus(t, w, http.StatusNoContent)
			tokens := live(t, w)
			if len(tokens) != 1 {
				t.Fatalf("cookies of the login: got %d, want 1", len(tokens))
			}
			if got, _ := r.data(r.withToken(tokens[0])); got.ID != "u2" {
				t.Errorf("new session: got %+v, want that of u2", got)
			}
			r.wantDead(old)
			if kept(t, inner) != 1 {
				t.Errorf("sessions in the store: got %d, want 1", kept(t, inner))
			}
		})
	}
	t.Run("T3 two logins of one browser leave one session each, and no old one", func(t *testing.T) {
		r, inner := newCountedRig(t, accountOptions())
		old := token(r.signedIn(account{ID: "u1"}))
		arrived, release := r.store.Hold(humasesstest.OpCreate)
		slow := inBackground(func() *httptest.ResponseRecorder {
			return r.loginCall(r.withToken(old), start(account{ID: "u1"}))
		})
		<-arrived
		wantStatus(t, r.loginCall(r.withToken(old), start(account{ID: "u1"})), http.StatusNoContent)
		release()
		wantStatus(t, slow.wait(), http.StatusNoContent)
		r.wantDead(old)
		if kept(t, inner) != 2 {
			t.Errorf("sessions in the store: got %d, want 2", kept(t, inner))
		}
	})
}
