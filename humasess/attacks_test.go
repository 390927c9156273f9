package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

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
			"RevokeWhere": func(ctx context.Context, r *rig[account]) error {
				_, err := r.sessions.RevokeWhere(ctx, "u1", ofSignIn(""))
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
		guarded[keepsOut](r.api, http.MethodGet, "/closed", nothing[account])
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(idle / 2)
		outer := humasesstest.NewClient(r.sessions.Handler(r.mux))
		outer.SetCookie(&http.Cookie{Name: cookieName, Value: token(c)})
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

// TestAfterTheEndOfTheBase ends the session of a request while the request runs.
// The request ends the session, too, writes that, and signs in.
func TestAfterTheEndOfTheBase(t *testing.T) {
	type action = func(r *rig[account], c *humasesstest.Client)
	ends := map[string]action{
		"logout":         func(r *rig[account], c *humasesstest.Client) { r.must(c, destroy[account]) },
		"RevokeIdentity": func(r *rig[account], _ *humasesstest.Client) { r.revokeIdentity("u1") },
		"Revoke": func(r *rig[account], c *humasesstest.Client) {
			id, err := r.sessions.List(r.t.Context(), "u1")
			if err != nil {
				r.t.Fatal(err)
			}
			if err := r.sessions.Revoke(r.t.Context(), id[0].ID); err != nil {
				r.t.Error(err)
			}
		},
	}
	for end, ended := range ends {
		for name, leave := range map[string]handler[account]{
			"Destroy and Commit": func(ctx context.Context, s *humasess.Session[account]) error {
				return errors.Join(s.Destroy(), s.Commit(ctx))
			},
			"Revoke": func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, s.ID()) },
		} {
			for _, as := range []string{"u1", "u2"} {
				t.Run("R11 "+end+", then "+name+", then Start as "+as, func(t *testing.T) {
					r := newRig(t, accountOptions())
					c := r.signedIn(account{ID: "u1"})
					w := during(func(do handler[account]) *httptest.ResponseRecorder { return r.requiredCall(c, do) },
						func() { ended(r, c.Clone()) },
						func(ctx context.Context, s *humasess.Session[account]) error {
							return errors.Join(leave(ctx, s), s.Start(account{ID: as}))
						})
					wantStatus(t, w, http.StatusUnauthorized)
					if all, err := r.sessions.List(t.Context(), as); len(all) != 0 || err != nil {
						t.Errorf("got %d sessions, %v, want none", len(all), err)
					}
				})
			}
		}
	}
}

// TestMarkDuringCreate leaves a mark while the store is slow to create the session.
func TestMarkDuringCreate(t *testing.T) {
	for name, tt := range map[string]struct {
		leave func(*rig[account])
		want  int
	}{
		"changed": {func(r *rig[account]) { r.demote(context.Background(), noRoles) }, http.StatusConflict},
		"revoked": {func(r *rig[account]) { r.revokeIdentity("u1") }, http.StatusUnauthorized},
	} {
		t.Run("R4 a sign-in that is refused for it leaves the old session, "+name, func(t *testing.T) {
			timed(t, func(r *rig[account]) {
				c := r.signedIn(account{ID: "u2"})
				r.store.Before(humasesstest.OpCreate, func(context.Context) error { later(100 * time.Millisecond); return nil })
				login := inBackground(func() *httptest.ResponseRecorder { return r.loginCall(c.Clone(), start(admin)) })
				later(20 * time.Millisecond)
				tt.leave(r)
				wantStatus(t, login.wait(), tt.want)
				r.wantActive(c, true)
			})
		})
	}
	t.Run("R4 a sign-in after it is not refused", func(t *testing.T) {
		timed(t, func(r *rig[account]) {
			c := r.signedIn(account{ID: "u2"})
			old := token(c)
			options := accountOptions()
			another, err := humasess.New(r.store, &options)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := another.RevokeIdentity(context.Background(), "u1"); err != nil {
				t.Fatal(err)
			}
			later(20 * time.Millisecond)
			wantStatus(t, r.loginCall(c, start(admin)), http.StatusNoContent)
			r.wantActive(c, true)
			r.wantDead(old)
		})
	})
}

// TestTakenBack asks for something and takes it back in the same request.
func TestTakenBack(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	w := r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
		return errors.Join(s.Remember(true), s.Remember(false))
	})
	if got := w.Header().Get("Set-Cookie"); strings.Contains(got, "Max-Age") {
		t.Errorf("Remember: got %q, want no Max-Age", got)
	}
	lost := false
	r.store.After(humasesstest.OpMarkChanged, func(context.Context) error {
		if lost {
			return nil
		}
		lost = true
		return errDown
	})
	w = r.loginCall(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
		_, err := r.sessions.UpdateIdentity(ctx, "u1", noRoles)
		return errors.Join(err, s.Start(admin))
	})
	wantStatus(t, w, http.StatusNoContent)
	if !lost {
		t.Error("no answer was lost: the test tests nothing")
	}
}
