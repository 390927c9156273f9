package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// TestSignInAttacks are ways around the checks of a sign-in.
func TestSignInAttacks(t *testing.T) {
	again := func(ctx context.Context, s *humasess.Session[account]) error {
		data, _ := s.Get()
		return s.Start(data)
	}
	destroyThen := func(next handler[account]) handler[account] {
		return func(ctx context.Context, s *humasess.Session[account]) error {
			return errors.Join(s.Destroy(), next(ctx, s))
		}
	}
	t.Run("R2 R4 a request that leaves two marks may sign in", func(t *testing.T) {
		for name, leave := range map[string]func(context.Context, *rig[account]) error{
			"UpdateIdentity": func(ctx context.Context, r *rig[account]) error {
				_, err := r.sessions.UpdateIdentity(ctx, "u1", noRoles)
				return err
			},
			"RevokeIdentity": func(ctx context.Context, r *rig[account]) error {
				_, err := r.sessions.RevokeIdentity(ctx, "u1")
				return err
			},
		} {
			r := newRig(t, accountOptions())
			w := r.loginCall(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
				return errors.Join(leave(ctx, r), leave(ctx, r), leave(ctx, r), s.Start(account{ID: "u1"}))
			})
			if w.Code != http.StatusNoContent {
				t.Errorf("%s: got %d, want 204", name, w.Code)
			}
		}
	})
	t.Run("R4 a sign-in that is refused leaves the old session, after earlier marks too", func(t *testing.T) {
		for name, earlier := range map[string]func(*rig[account]){
			"revoked": func(r *rig[account]) { r.revokeIdentity("u1") }, "all": func(r *rig[account]) { r.revokeEverything() },
			"changed": func(r *rig[account]) { r.demote(context.Background(), noRoles) },
		} {
			r := newRig(t, accountOptions())
			earlier(r)
			c := r.signedIn(account{ID: "u2"})
			w := during(func(do handler[account]) *httptest.ResponseRecorder { return r.loginCall(c, do) },
				func() { r.demote(context.Background(), noRoles) }, start(admin))
			wantStatus(t, w, http.StatusConflict)
			if got, ok := r.data(c); !ok || got.ID != "u2" {
				t.Errorf("%s: got %+v, %v, want the session of u2", name, got, ok)
			}
		}
	})
	t.Run("T9 the bearer of a former token does not sign in after Destroy", func(t *testing.T) {
		for name, do := range map[string]handler[account]{
			"Start": destroyThen(start(account{ID: "u1"})), "Update": destroyThen(moveTo("u1")),
			"Revoke": func(ctx context.Context, s *humasess.Session[account]) error {
				return errors.Join(s.Revoke(ctx, s.ID()), s.Start(account{ID: "u1"}))
			},
		} {
			r := newRig(t, accountOptions())
			c := r.signedIn(account{ID: "u1"})
			former := r.withToken(token(c))
			r.must(c, renew[account])
			w := r.call(former, do)
			if w.Code < 400 {
				t.Errorf("%s: got %d, want an error", name, w.Code)
			}
			if infos, err := r.sessions.List(t.Context(), "u1"); err != nil || len(infos) > 1 {
				t.Errorf("%s: got %v, %v, want no session for the thief", name, infos, err)
			}
		}
	})
	for name, do := range map[string]handler[account]{"Get and Start": again, "Destroy and Start": func(ctx context.Context, s *humasess.Session[account]) error {
		data, _ := s.Get()
		return errors.Join(s.Destroy(), s.Start(data))
	}} {
		for _, path := range []string{"/required", "/login"} {
			if path == "/login" && name != "Get and Start" {
				continue
			}
			t.Run("R11 data of a session that was revoked are not in a new one, "+name+" "+path, func(t *testing.T) {
				r := newRig(t, accountOptions())
				c := r.signedIn(admin)
				w := during(func(f handler[account]) *httptest.ResponseRecorder {
					return r.send(c, path, func(ctx context.Context, s *humasess.Session[account]) error { return f(ctx, s) })
				}, func() { r.must(r.withToken(token(c)), destroy[account]) }, do)
				wantStatus(t, w, http.StatusUnauthorized)
			})
		}
	}
	t.Run("R5 a sign-in that is written and then revoked ends nothing", func(t *testing.T) {
		r := newRig(t, accountOptions())
		var owner *humasesstest.Client
		w := r.loginCall(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
			if err := errors.Join(s.Start(account{ID: "u1"}), s.Commit(ctx)); err != nil {
				return err
			}
			r.revokeIdentity("u1")
			owner = r.signedIn(account{ID: "u1"})
			_, err := s.RevokeOthers(ctx)
			return err
		})
		wantStatus(t, w, http.StatusUnauthorized)
		r.wantActive(owner, true)
	})
	t.Run("a request that is refused inside Handler extends nothing", func(t *testing.T) {
		r := newRig(t, accountOptions())
		huma.Get(r.api, "/closed", func(context.Context, *struct {
			humasess.Guarded[account, keepsOut]
		}) (*struct{}, error) {
			return nil, nil
		})
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(idle / 2)
		outer := humasesstest.NewClient(r.sessions.Handler(r.mux))
		outer.SetCookie(&http.Cookie{Name: humasess.DefaultCookieName, Value: token(c)})
		seen := r.lastSeen("u1")
		wantStatus(t, outer.Do(http.MethodGet, "/closed", nil), http.StatusForbidden)
		if got := r.lastSeen("u1"); !got.Equal(seen) {
			t.Errorf("LastSeenAt: got %v, want %v", got, seen)
		}
	})
	t.Run("A1 a visitor cannot re-authenticate", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		r.must(c, increment)
		wantStatus(t, r.call(c, reauthenticate("pwd")), http.StatusUnauthorized)
	})
	t.Run("an edit may ask the session of another manager that is being edited", func(t *testing.T) {
		a, b := newRig(t, accountOptions()), newRig(t, accountOptions())
		ca, cb := a.signedIn(account{ID: "u1"}), b.signedIn(account{ID: "u1"})
		var other *humasess.Session[account]
		inside, leave := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		ready := make(chan struct{})
		wg.Go(func() {
			b.must(cb, func(_ context.Context, s *humasess.Session[account]) error {
				other = s
				close(ready)
				return s.Update(func(*account) error { close(inside); <-leave; return nil })
			})
		})
		<-ready
		a.must(ca, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(*account) error {
				<-inside
				close(leave)
				other.ID()
				return nil
			})
		})
		wg.Wait()
	})
}
