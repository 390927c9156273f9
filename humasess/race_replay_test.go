package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

type chiefGuard struct{}

var _ interface{ Roles() []string } = chiefGuard{}

func (chiefGuard) Roles() []string { return []string{"admin"} }

type banGuard struct{}

var _ humasess.Guard[account] = banGuard{}

func (banGuard) Check(_ huma.Context, a account) error {
	if a.Note == "banned" {
		return errors.New("is banned")
	}
	return nil
}

func TestReplayIsAdmittedAgain(t *testing.T) {
	// Each operation updates and waits.
	add := map[string]func(*rig[account], string, slowly){
		"role of a guard": func(r *rig[account], path string, s slowly) {
			guarded[chiefGuard](r.api, http.MethodPost, path, s.after(increment))
		},
		"guard": func(r *rig[account], path string, s slowly) {
			guarded[banGuard](r.api, http.MethodPost, path, s.after(increment))
		},
		"role of a group": func(r *rig[account], path string, s slowly) {
			group := huma.NewGroup(r.api)
			group.UseSimpleModifier(r.sessions.Require("admin"))
			huma.Post(group, path, func(ctx context.Context, in *struct{ humasess.Required[account] }) (*struct{}, error) {
				return nil, s.after(increment)(ctx, &in.Session)
			})
		},
	}
	tests := []struct {
		name   string
		change func(*account)
		want   int
	}{
		{"role of a guard", func(a *account) { a.Roles = nil }, http.StatusConflict},
		{"role of a guard", func(a *account) { a.Note = "another change" }, http.StatusNoContent},
		{"role of a group", func(a *account) { a.Roles = []string{"author"} }, http.StatusConflict},
		{"role of a group", func(a *account) { a.Note = "another change" }, http.StatusNoContent},
		{"guard", func(a *account) { a.Note = "banned" }, http.StatusConflict},
		{"guard", func(a *account) { a.Roles = nil }, http.StatusNoContent},
	}
	for _, tt := range tests {
		t.Run("X1 "+tt.name+", "+http.StatusText(tt.want), func(t *testing.T) {
			r := newRig(t, accountOptions())
			s := newSlowly()
			add[tt.name](r, "/pending", s)
			c := r.signedIn(account{ID: "u1", Roles: []string{"admin"}})
			pending := inBackground(func() *httptest.ResponseRecorder { return c.Do(http.MethodPost, "/pending", nil) })
			<-s.arrived
			n, err := r.sessions.UpdateIdentity(context.Background(), "u1", func(a *account) error { tt.change(a); return nil })
			if n != 1 || err != nil {
				t.Fatalf("UpdateIdentity: got %d, %v, want 1", n, err)
			}
			close(s.leave)
			w := pending.wait()
			wantStatus(t, w, tt.want)
			wantN := 1
			if tt.want >= 400 {
				wantN = 0
				wantCookies(t, w, 0)
				if p := problemOf(t, w); strings.Contains(w.Body.String(), "banned") || p.Status != tt.want {
					t.Errorf("body: got %s, want one that says nothing about the guard", w.Body)
				}
			}
			var want account
			tt.change(&want)
			if got, ok := r.data(c); !ok || got.N != wantN || got.Note != want.Note {
				t.Errorf("data: got %+v, %v, want N %d and the other change", got, ok, wantN)
			}
		})
	}
}

var errTaken = errors.New("taken")

func TestReplayOfUpdate(t *testing.T) {
	// overtaken runs edit in a request that another one overtakes.
	overtaken := func(t *testing.T, edit func(*account) error) (*httptest.ResponseRecorder, account) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		s := newSlowly()
		slow := inBackground(func() *httptest.ResponseRecorder {
			return r.call(c, s.after(func(_ context.Context, s *humasess.Session[account]) error { return s.Update(edit) }))
		})
		<-s.arrived
		r.must(c, increment)
		close(s.leave)
		w := slow.wait()
		got, _ := r.data(c)
		return w, got
	}
	t.Run("X1 an error on replay is 409", func(t *testing.T) {
		runs := 0
		w, got := overtaken(t, func(a *account) error {
			runs++
			if a.N > 0 {
				return errTaken
			}
			a.Note = "mine"
			return nil
		})
		wantStatus(t, w, http.StatusConflict)
		wantCookies(t, w, 0)
		if runs != 2 || got.N != 1 || got.Note != "" {
			t.Errorf("got %+v after %d runs, want N 1 alone after 2", got, runs)
		}
		if strings.Contains(w.Body.String(), errTaken.Error()) {
			t.Errorf("body shows the function's error: %s", w.Body)
		}
	})
	t.Run("X1 a program that goes on after a conflict loses nothing of the other request", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		s := newSlowly()
		slow := inBackground(func() *httptest.ResponseRecorder {
			return r.call(c, func(ctx context.Context, session *humasess.Session[account]) error {
				err := s.after(func(_ context.Context, session *humasess.Session[account]) error {
					_ = session.Update(func(a *account) error { a.Note = "mine"; return nil })
					return session.Update(func(a *account) error {
						if a.N > 0 {
							return errTaken
						}
						return nil
					})
				})(ctx, session)
				if committed := session.Commit(ctx); err != nil || !errors.Is(committed, humasess.ErrConflict) {
					t.Errorf("Update: got %v; Commit: got %v, want ErrConflict", err, committed)
				}
				return nil
			})
		})
		<-s.arrived
		r.must(c, increment)
		close(s.leave)
		wantStatus(t, slow.wait(), http.StatusConflict)
		if got, _ := r.data(c); got.N != 1 || got.Note != "" {
			t.Errorf("got %+v, want N 1 alone", got)
		}
	})
	t.Run("X1 it runs on the new data", func(t *testing.T) {
		var seen []int
		w, got := overtaken(t, func(a *account) error {
			seen = append(seen, a.N)
			a.N += 10
			return nil
		})
		wantStatus(t, w, http.StatusNoContent)
		if got.N != 11 || len(seen) != 2 || seen[0] != 0 || seen[1] != 1 {
			t.Errorf("got N %d, runs on %v, want 11, runs on [0 1]", got.N, seen)
		}
	})
	t.Run("X1 several edits run again in their order", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		s := newSlowly()
		slow := inBackground(func() *httptest.ResponseRecorder {
			return r.call(c, s.after(func(_ context.Context, s *humasess.Session[account]) error {
				for _, letter := range []string{"a", "b", "c"} {
					if err := s.Update(func(a *account) error { a.Note += letter; return nil }); err != nil {
						return err
					}
				}
				return nil
			}))
		})
		<-s.arrived
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.Note = "x"; return nil })
		})
		close(s.leave)
		wantStatus(t, slow.wait(), http.StatusNoContent)
		if got, _ := r.data(c); got.Note != "xabc" {
			t.Errorf("note: got %q, want %q", got.Note, "xabc")
		}
	})
	t.Run("X1 an edit that takes back its change of identity on replay", func(t *testing.T) {
		w, got := overtaken(t, func(a *account) error {
			if a.N == 0 {
				a.ID = "u2"
			} else {
				a.Note = "stays"
			}
			return nil
		})
		wantStatus(t, w, http.StatusNoContent)
		wantCookies(t, w, 0)
		if got.ID != "u1" || got.Note != "stays" || got.N != 1 {
			t.Errorf("got %+v, want u1 with N 1 that stays", got)
		}
	})
}

func TestSessionUsedByGoroutines(t *testing.T) {
	t.Run("X6 during and after the request", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		var wg sync.WaitGroup
		gone := make(chan struct{})
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			begun := make(chan struct{}, 8)
			for range 8 {
				wg.Go(func() {
					for i := 0; ; i++ {
						use(ctx, t, s)
						if i == 3 {
							begun <- struct{}{}
						}
						select {
						case <-gone:
							return
						default:
						}
					}
				})
			}
			for range 8 {
				<-begun
			}
			return nil
		})
		var kept *humasess.Session[account]
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error { kept = s; return nil })
		close(gone)
		wg.Wait()
		changes := map[string]func() error{
			"Start":    func() error { return kept.Start(account{ID: "u2"}) },
			"Update":   func() error { return increment(context.Background(), kept) },
			"Renew":    kept.Renew,
			"Destroy":  kept.Destroy,
			"Remember": func() error { return kept.Remember(true) },
			"SetTTL":   func() error { return kept.SetTTL(1 << 40) },
			"Commit":   func() error { return kept.Commit(context.Background()) },
			"Revoke":   func() error { return kept.Revoke(context.Background(), kept.ID()) },
			"RevokeOthers": func() error {
				_, err := kept.RevokeOthers(context.Background())
				return err
			},
			"RevokeAll": func() error {
				_, err := kept.RevokeAll(context.Background())
				return err
			},
		}
		r.store.Reset()
		for name, change := range changes {
			if err := change(); !errors.Is(err, humasess.ErrCommitted) {
				t.Errorf("%s after the response: got %v, want %v", name, err, humasess.ErrCommitted)
			}
		}
		if got := r.store.Total(); got != 0 {
			t.Errorf("store calls after the response: got %d, want 0", got)
		}
		r.wantActive(c, true)
	})
}

// use calls the methods that do not end the session. Changes may be too late.
func use(ctx context.Context, t *testing.T, s *humasess.Session[account]) {
	s.Get()
	s.Active()
	_, _ = s.ID(), s.CreatedAt()
	_, _ = s.ExpiresAt(), s.String()
	_, _ = s.List(ctx)
	for _, err := range []error{s.Renew(), increment(ctx, s), s.Remember(true), s.Commit(ctx)} {
		if err != nil && !errors.Is(err, humasess.ErrCommitted) {
			t.Errorf("got %v, want nil or %v", err, humasess.ErrCommitted)
		}
	}
}

// TestConflictWithoutSession is about a store that answers Create with a conflict
// although the request has no session.
func TestConflictWithoutSession(t *testing.T) {
	r := newRig(t, accountOptions())
	r.store.Fail(humasesstest.OpCreate, stores.ErrConflict)
	var running []racing
	for range 4 {
		running = append(running, inBackground(func() *httptest.ResponseRecorder {
			return r.loginCall(r.client(), start(account{ID: "u1"}))
		}))
	}
	for _, each := range running {
		if w := each.wait(); w.Code < 400 {
			t.Errorf("got %d, want an error", w.Code)
		}
	}
}
