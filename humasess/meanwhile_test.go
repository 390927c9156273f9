package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// during runs a request whose handler waits at its begin until meanwhile is over.
func during(send func(handler[account]) *httptest.ResponseRecorder, meanwhile func(), do handler[account]) *httptest.ResponseRecorder {
	arrived, leave := make(chan struct{}), make(chan struct{})
	running := inBackground(func() *httptest.ResponseRecorder {
		return send(func(ctx context.Context, s *humasess.Session[account]) error {
			close(arrived)
			<-leave
			return do(ctx, s)
		})
	})
	<-arrived
	meanwhile()
	close(leave)
	return running.wait()
}

// demote takes the roles away from every session of u1.
func (r *rig[T]) demote(ctx context.Context, change func(*T) error, opts ...humasess.UpdateOption) {
	r.t.Helper()
	if _, err := r.sessions.UpdateIdentity(ctx, "u1", change, opts...); err != nil {
		r.t.Errorf("UpdateIdentity: %v", err)
	}
}

func noRoles(a *account) error { a.Roles = nil; return nil }

var admin = account{ID: "u1", Roles: []string{"admin"}}

func TestChangeDuringSignIn(t *testing.T) {
	login := func(r *rig[account], c *humasesstest.Client) func(handler[account]) *httptest.ResponseRecorder {
		return func(do handler[account]) *httptest.ResponseRecorder { return r.loginCall(c, do) }
	}
	for name, marks := range map[string]bool{"by the store's mark": true, "by this process": false} {
		t.Run("R4 roles taken away during a sign-in are not in the session, "+name, func(t *testing.T) {
			r := newRig(t, accountOptions())
			if !marks {
				r.store.Before(humasesstest.OpMarkChanged, func(context.Context) error { return errors.ErrUnsupported })
			}
			c := r.client()
			w := during(login(r, c), func() { r.demote(t.Context(), noRoles) }, start(admin))
			wantRetry(t, w, http.StatusConflict, "0")
			if got := problemOf(t, w).Type; got != "urn:humasess:problem:changed-during-sign-in" {
				t.Errorf("H4 type: got %q", got)
			}
			wantCookies(t, w, 0)
			if infos, err := r.sessions.List(t.Context(), "u1"); err != nil || len(infos) != 0 {
				t.Errorf("sessions: got %v, %v, want none", infos, err)
			}
			wantStatus(t, r.loginCall(c, start(account{ID: "u1"})), http.StatusNoContent)
		})
	}
	t.Run("nor of a visitor that signs in by Update", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		r.must(c, increment)
		w := during(func(do handler[account]) *httptest.ResponseRecorder { return r.call(c, do) },
			func() { r.demote(t.Context(), noRoles) }, moveTo("u1"))
		wantRetry(t, w, http.StatusConflict, "0")
		if got, ok := r.data(c); !ok || got.ID != "" {
			t.Errorf("got %+v, %v, want the visitor's session as it was", got, ok)
		}
	})
	t.Run("another user's sign-in goes on", func(t *testing.T) {
		r := newRig(t, accountOptions())
		w := during(login(r, r.client()), func() { r.demote(t.Context(), noRoles) }, start(account{ID: "u2"}))
		wantStatus(t, w, http.StatusNoContent)
	})
	t.Run("KeepSignIns leaves no mark", func(t *testing.T) {
		r := newRig(t, accountOptions())
		r.store.Reset()
		w := during(login(r, r.client()), func() {
			r.demote(t.Context(), func(a *account) error { a.Note = "dark"; return nil }, humasess.KeepSignIns())
		}, start(admin))
		wantStatus(t, w, http.StatusNoContent)
		r.wantCalls(map[humasesstest.Op]int{humasesstest.OpList: 1, humasesstest.OpCreate: 1})
	})
	t.Run("the request that calls is not refused", func(t *testing.T) {
		r := newRig(t, accountOptions())
		wantStatus(t, r.loginCall(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
			r.demote(ctx, noRoles)
			return s.Start(account{ID: "u1"})
		}), http.StatusNoContent)
	})
	t.Run("unless another change came first", func(t *testing.T) {
		r := newRig(t, accountOptions())
		w := during(login(r, r.client()), func() { r.demote(t.Context(), noRoles) },
			func(ctx context.Context, s *humasess.Session[account]) error {
				r.demote(ctx, noRoles)
				return s.Start(admin)
			})
		wantStatus(t, w, http.StatusConflict)
	})
	t.Run("a revocation weighs more", func(t *testing.T) {
		r := newRig(t, accountOptions())
		w := during(login(r, r.client()), func() {
			r.revokeIdentity("u1")
			r.demote(t.Context(), noRoles)
		}, start(admin))
		wantStatus(t, w, http.StatusUnauthorized)
	})
	t.Run("the mark comes before the list", func(t *testing.T) {
		r := newRig(t, accountOptions())
		var order []humasesstest.Op
		for _, op := range []humasesstest.Op{humasesstest.OpMarkChanged, humasesstest.OpList} {
			r.store.Before(op, func(context.Context) error { order = append(order, op); return nil })
		}
		r.demote(t.Context(), noRoles)
		if len(order) != 2 || order[0] != humasesstest.OpMarkChanged {
			t.Errorf("store calls: got %v, want the mark before the list", order)
		}
	})
	for name, meanwhile := range map[string]func(*rig[account]){
		"changed": func(r *rig[account]) { r.demote(context.Background(), noRoles) },
		"revoked": func(r *rig[account]) { r.revokeIdentity("u1") },
	} {
		t.Run("a sign-in that is refused leaves the old session as it was, "+name, func(t *testing.T) {
			r := newRig(t, accountOptions())
			c := r.signedIn(account{ID: "u2"})
			w := during(login(r, c), func() { meanwhile(r) }, start(admin))
			if w.Code != http.StatusConflict && w.Code != http.StatusUnauthorized {
				t.Errorf("status: got %d, want 409 or 401", w.Code)
			}
			if got, ok := r.data(c); !ok || got.ID != "u2" {
				t.Errorf("got %+v, %v, want the session of u2", got, ok)
			}
		})
	}
}

// TestRevokedMeanwhile is about requests whose session ends while they run.
func TestRevokedMeanwhile(t *testing.T) {
	end := map[string]func(*rig[account], string){
		"revoked": func(r *rig[account], _ string) { r.revokeIdentity("u1") },
		"logout":  func(r *rig[account], old string) { r.must(r.withToken(old), destroy[account]) },
	}
	acts := map[string]handler[account]{
		"List": func(ctx context.Context, s *humasess.Session[account]) error {
			infos, err := s.List(ctx)
			if len(infos) > 0 {
				return errors.New("listed")
			}
			return err
		},
		"RevokeOthers": func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		},
		"RevokeAll": func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeAll(ctx)
			return err
		},
	}
	for how, ended := range end {
		for name, act := range acts {
			t.Run("a request that was "+how+" can neither list nor end newer sessions, "+name, func(t *testing.T) {
				r := newRig(t, accountOptions())
				thief := r.signedIn(account{ID: "u1"})
				var owner *humasesstest.Client
				w := during(func(do handler[account]) *httptest.ResponseRecorder { return r.call(thief, do) }, func() {
					ended(r, token(thief))
					owner = r.signedIn(account{ID: "u1"})
				}, act)
				wantStatus(t, w, http.StatusUnauthorized)
				r.wantActive(owner, true)
			})
		}
		t.Run("nor by its ID, "+how, func(t *testing.T) {
			r := newRig(t, accountOptions())
			thief := r.signedIn(account{ID: "u1"})
			var owner *humasesstest.Client
			w := during(func(do handler[account]) *httptest.ResponseRecorder { return r.call(thief, do) }, func() {
				ended(r, token(thief))
				owner = r.signedIn(account{ID: "u1"})
			}, func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, idOf(r, owner)) })
			wantStatus(t, w, http.StatusUnauthorized)
			r.wantActive(owner, true)
		})
	}
	for name, act := range acts {
		t.Run("nor a sign-in with an old password, "+name, func(t *testing.T) {
			r := newRig(t, accountOptions())
			var owner *humasesstest.Client
			w := during(func(do handler[account]) *httptest.ResponseRecorder { return r.loginCall(r.client(), do) }, func() {
				r.revokeIdentity("u1")
				owner = r.signedIn(account{ID: "u1"})
			}, func(ctx context.Context, s *humasess.Session[account]) error {
				if err := s.Start(account{ID: "u1"}); err != nil {
					return err
				}
				return act(ctx, s)
			})
			wantStatus(t, w, http.StatusUnauthorized)
			r.wantActive(owner, true)
		})
		t.Run("a sign-in may, "+name, func(t *testing.T) {
			r := newRig(t, accountOptions())
			c := r.client()
			wantStatus(t, r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
				if err := s.Start(account{ID: "u1"}); err != nil {
					return err
				}
				if name == "List" {
					infos, err := s.List(ctx)
					if len(infos) != 1 || !infos[0].Current {
						t.Errorf("List: got %+v, want the session that begins", infos)
					}
					return err
				}
				return act(ctx, s)
			}), http.StatusNoContent)
			r.wantActive(c, name != "RevokeAll")
		})
	}
	t.Run("a Login operation that calls Update carries nothing of a session that was revoked", func(t *testing.T) {
		for how, ended := range end {
			r := newRig(t, accountOptions())
			c := r.signedIn(admin)
			w := during(func(do handler[account]) *httptest.ResponseRecorder { return r.loginCall(c, do) },
				func() { ended(r, token(c)) }, moveTo("u2"))
			wantStatus(t, w, http.StatusUnauthorized)
			if infos, err := r.sessions.List(t.Context(), "u2"); err != nil || len(infos) != 0 {
				t.Errorf("%s: got %+v, %v, want no session of u2", how, infos, err)
			}
		}
	})
}

// keepsOut is a guard that lets no session pass.
type keepsOut struct{}

func (keepsOut) Check(huma.Context, account) error { return errors.New("closed") }

// TestRefusedRequestConfirms is about requests that present a new token and are
// refused. The former token would live on, and could be renewed by a thief.
func TestRefusedRequestConfirms(t *testing.T) {
	build := func(t *testing.T) *rig[account] {
		o := rotating()
		o.CSRFHeader = csrfHeader
		r := newRig(t, o)
		ok := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
		required := func(context.Context, *struct{ humasess.Required[account] }) (*struct{}, error) { return nil, nil }
		roles, fresh := huma.NewGroup(r.api), huma.NewGroup(r.api)
		roles.UseSimpleModifier(r.sessions.Require("admin"))
		fresh.UseSimpleModifier(r.sessions.RequireFresh(time.Minute))
		huma.Get(roles, "/role", ok)
		huma.Get(fresh, "/freshness", ok)
		huma.Post(r.api, "/csrf", required)
		guarded[keepsOut](r.api, http.MethodGet, "/guard", nothing[account])
		huma.Get(r.api, "/panic", func(context.Context, *struct{ humasess.Required[account] }) (*struct{}, error) { panic("handler") })
		huma.Get(r.api, "/read", required)
		return r
	}
	for path, refused := range map[string]func(*rig[account], *humasesstest.Client){
		"/role":      func(r *rig[account], c *humasesstest.Client) { r.wantGet(c, "/role", http.StatusForbidden) },
		"/guard":     func(r *rig[account], c *humasesstest.Client) { r.wantGet(c, "/guard", http.StatusForbidden) },
		"/freshness": func(r *rig[account], c *humasesstest.Client) { r.wantGet(c, "/freshness", http.StatusForbidden) },
		"/csrf": func(r *rig[account], c *humasesstest.Client) {
			wantStatus(r.t, c.Do(http.MethodPost, "/csrf", nil), http.StatusForbidden)
		},
		"/panic": func(_ *rig[account], c *humasesstest.Client) {
			defer func() { _ = recover() }()
			c.Do(http.MethodGet, "/panic", nil)
		},
		"two live sessions": func(r *rig[account], c *humasesstest.Client) {
			other := token(r.signedIn(account{ID: "thief"}))
			w := r.client().Do(http.MethodGet, "/read", nil, withHeaders("Cookie", "__Host-id="+token(c)+"; __Host-id="+other))
			wantStatus(r.t, w, http.StatusUnauthorized)
		},
	} {
		t.Run("T9 "+path, func(t *testing.T) {
			r := build(t)
			c := r.signedIn(account{ID: "u1"})
			former := r.withToken(token(c))
			r.clock.Advance(rotate)
			wantCookies(t, c.Do(http.MethodGet, "/read", nil), 1) // rotates
			r.clock.Advance(5 * time.Minute)                      // long after the grace, and a touch is due
			seen := r.lastSeen("u1")
			r.store.Reset()
			refused(r, c)
			if got := r.store.Calls()[humasesstest.OpUpdate]; got != 1 {
				t.Errorf("updates: got %d, want one that confirms the token", got)
			}
			if got := r.lastSeen("u1"); !got.Equal(seen) {
				t.Errorf("LastSeenAt: got %v, want %v: a refused request extends nothing", got, seen)
			}
			r.store.Reset()
			refused(r, c)
			if got := r.store.Calls()[humasesstest.OpUpdate]; got != 0 {
				t.Errorf("updates by the second one: got %d, want none", got)
			}
			wantStatus(t, former.Do(http.MethodGet, "/read", nil), http.StatusNoContent) // within the grace
			r.clock.Advance(grace + 1)
			wantStatus(t, former.Do(http.MethodGet, "/read", nil), http.StatusUnauthorized)
		})
	}
	t.Run("a confirmation that fails changes nothing for the answer", func(t *testing.T) {
		r := build(t)
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(rotate)
		c.Do(http.MethodGet, "/read", nil)
		r.store.Fail(humasesstest.OpUpdate, errDown)
		r.wantGet(c, "/role", http.StatusForbidden)
	})
	t.Run("a refused request extends nothing", func(t *testing.T) {
		r := build(t)
		c := r.signedIn(account{ID: "u1"})
		seen := r.lastSeen("u1")
		for range 5 {
			r.clock.Advance(idle / 5)
			r.wantGet(c, "/role", http.StatusForbidden)
			r.wantGet(c, "/guard", http.StatusForbidden)
		}
		if got := r.lastSeen("u1"); !got.Equal(seen) {
			t.Errorf("LastSeenAt: got %v, want %v", got, seen)
		}
		r.clock.Advance(idle / 10)
		r.wantGet(c, "/read", http.StatusUnauthorized)
	})
}

func (r *rig[T]) wantGet(c *humasesstest.Client, path string, want int) {
	r.t.Helper()
	wantStatus(r.t, c.Do(http.MethodGet, path, nil), want)
}

// lastSeen returns when the only session of an identity was extended last.
func (r *rig[T]) lastSeen(identity string) time.Time {
	r.t.Helper()
	infos, err := r.sessions.List(context.Background(), identity)
	if err != nil || len(infos) != 1 {
		r.t.Fatalf("List: got %v, %v, want one session", infos, err)
	}
	return infos[0].LastSeenAt
}

// TestSeveralCookies is about requests with several cookies of the session's
// name, after a change of Domain or Path, or set by a sibling host.
func TestSeveralCookies(t *testing.T) {
	setup := func(t *testing.T) (r *rig[account], client *humasesstest.Client, mine, other string, with func(...string) func(*http.Request)) {
		r = newRig(t, accountOptions())
		mine, other = token(r.signedIn(account{ID: "u1"})), token(r.signedIn(account{ID: "u2"}))
		with = func(values ...string) func(*http.Request) {
			return withHeaders("Cookie", "__Host-id="+strings.Join(values, "; __Host-id="))
		}
		return r, r.client(), mine, other, with
	}
	dead := func(n int) (values []string) {
		for i := range n {
			values = append(values, strings.Repeat(string(rune('a'+i)), 64))
		}
		return values
	}
	t.Run("T12 one live session wins beside 15 dead ones", func(t *testing.T) {
		r, c, mine, _, with := setup(t)
		r.store.Reset()
		for at := range 16 {
			values := append(append(dead(at), mine), dead(15)[at:]...)
			wantStatus(t, r.requiredCall(c, nothing[account], with(values...)), http.StatusNoContent)
		}
		if got := r.store.Calls()[humasesstest.OpLoad]; got != 16 {
			t.Errorf("loads: got %d, want one for each request", got)
		}
	})
	t.Run("T12 a session whose data do not decode counts as none", func(t *testing.T) {
		for what, do := range map[string]handler[account]{"Destroy": destroy[account], "Start": start(account{ID: "u3"})} {
			r, c, mine, _, with := setup(t)
			opts := accountOptions()
			opts.Identity = func(a account) string { return "of " + a.ID }
			another, err := humasess.New(r.store, &opts)
			if err != nil {
				t.Fatal(err)
			}
			cookie, err := another.Issue(t.Context(), account{ID: "u1"})
			if err != nil {
				t.Fatal(err)
			}
			wantStatus(t, r.requiredCall(c, nothing[account], with(mine, cookie.Value)), http.StatusNoContent)
			wantStatus(t, r.requiredCall(c, nothing[account], with(cookie.Value, mine)), http.StatusNoContent)
			wantStatus(t, r.loginCall(c, do, with(mine, cookie.Value)), http.StatusNoContent)
			r.wantDead(mine)
			if all, err := another.List(t.Context(), "of u1"); len(all) != 0 || err != nil {
				t.Errorf("%s: got %d undecodable sessions, %v, want that it ends it", what, len(all), err)
			}
		}
	})
	t.Run("T12 with two live ones there is no session", func(t *testing.T) {
		r, c, mine, other, with := setup(t)
		wantStatus(t, r.requiredCall(c, nothing[account], with(mine, other)), http.StatusUnauthorized)
		for name, want := range map[string]error{"Update": humasess.ErrConflict, "Renew": humasess.ErrNoSession, "RevokeAll": humasess.ErrNoSession, "RevokeOthers": humasess.ErrNoSession} { //nolint:lll // one case
			r.store.Reset()
			r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
				var err error
				switch name {
				case "Update":
					err = increment(ctx, s)
				case "Renew":
					err = s.Renew()
				case "RevokeAll":
					_, err = s.RevokeAll(ctx)
				case "RevokeOthers":
					_, err = s.RevokeOthers(ctx)
				}
				if !errors.Is(err, want) {
					t.Errorf("%s: got %v, want %v", name, err, want)
				}
				return nil
			}, with(mine, other))
			r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1})
		}
		w := r.call(c, increment, with(mine, other))
		wantStatus(t, w, http.StatusConflict)
		if got := problemOf(t, w).Detail; !strings.Contains(got, "several active sessions") {
			t.Errorf("detail: got %q, want the reason", got)
		}
		r.wantActive(r.withToken(mine), true)
		r.wantActive(r.withToken(other), true)
	})
	for name, send := range map[string]func(*rig[account], *humasesstest.Client, func(*http.Request)) *httptest.ResponseRecorder{
		"Start in a login": func(r *rig[account], c *humasesstest.Client, e func(*http.Request)) *httptest.ResponseRecorder {
			return r.loginCall(c, start(account{ID: "u3"}), e)
		},
		"Start": func(r *rig[account], c *humasesstest.Client, e func(*http.Request)) *httptest.ResponseRecorder {
			return r.call(c, start(account{ID: "u3"}), e)
		},
		"Destroy": func(r *rig[account], c *humasesstest.Client, e func(*http.Request)) *httptest.ResponseRecorder {
			return r.call(c, destroy[account], e)
		},
		"Destroy with an error": func(r *rig[account], c *humasesstest.Client, e func(*http.Request)) *httptest.ResponseRecorder {
			w := r.call(c, func(_ context.Context, s *humasess.Session[account]) error {
				return errors.Join(s.Destroy(), huma.Error400BadRequest("no"))
			}, e)
			w.Code = http.StatusNoContent
			return w
		},
	} {
		t.Run("T12 R1 "+name+" ends all of them, at any version", func(t *testing.T) {
			r, c, mine, other, with := setup(t)
			r.must(r.withToken(other), increment)
			w := send(r, c, with(append(dead(3), mine, other)...))
			wantStatus(t, w, http.StatusNoContent)
			wantCookies(t, w, 1)
			r.wantDead(mine, other)
			if strings.HasPrefix(name, "Start") {
				r.wantActive(c, true)
			}
		})
	}
	t.Run("T12 a Start that fails ends none of them", func(t *testing.T) {
		r, c, mine, other, with := setup(t)
		r.store.Fail(humasesstest.OpCreate, errDown)
		wantStatus(t, r.loginCall(c, start(account{ID: "u3"}), with(mine, other)), http.StatusServiceUnavailable)
		r.store.Fail(humasesstest.OpCreate, nil)
		wantStatus(t, r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
			return errors.Join(s.Start(account{ID: "u3"}), huma.Error400BadRequest("no"))
		}, with(mine, other)), http.StatusBadRequest)
		r.wantActive(r.withToken(mine), true)
		r.wantActive(r.withToken(other), true)
	})
	t.Run("T12 more than are looked up: Start and Destroy say so", func(t *testing.T) {
		r, c, mine, _, with := setup(t)
		values := append(dead(16), mine)
		for name, do := range map[string]handler[account]{"Start": start(account{ID: "u3"}), "Destroy": destroy[account]} {
			w := r.loginCall(c, do, with(values...))
			wantStatus(t, w, http.StatusBadRequest)
			if got := problemOf(t, w).Type; got != "urn:humasess:problem:too-many-cookies" {
				t.Errorf("%s: H4 type: got %q", name, got)
			}
		}
		wantStatus(t, r.requiredCall(c, nothing[account], with(values...)), http.StatusUnauthorized)
		wantStatus(t, r.call(c, increment, with(values...)), http.StatusBadRequest)
		r.wantActive(r.withToken(mine), true)
	})
	t.Run("T13 all lines count, in any order", func(t *testing.T) {
		r, c, mine, other, _ := setup(t)
		lines := func(values ...string) func(*http.Request) {
			return func(req *http.Request) {
				req.Header.Del("Cookie")
				for _, v := range values {
					req.Header.Add("Cookie", v)
				}
			}
		}
		good, bad, second := "__Host-id="+mine, "__Host-id="+strings.Repeat("x", 64), "__Host-id="+other
		for _, tt := range []struct {
			lines []string
			want  int
		}{
			{[]string{good}, http.StatusNoContent}, {[]string{bad, good}, http.StatusNoContent}, {[]string{good, bad}, http.StatusNoContent},
			{[]string{"a=b", bad, "c=d", good}, http.StatusNoContent}, {[]string{good, good}, http.StatusNoContent},
			{[]string{good, second}, http.StatusUnauthorized}, {[]string{second, "a=b", good}, http.StatusUnauthorized},
		} {
			wantStatus(t, r.requiredCall(c, nothing[account], lines(tt.lines...)), tt.want)
		}
		wantStatus(t, r.call(c, destroy[account], lines(good, second)), http.StatusNoContent)
		r.wantDead(mine, other)
	})
}
