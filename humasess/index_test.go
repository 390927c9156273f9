package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// idOf returns the public ID of the client's session.
func idOf(r *rig[account], c *humasesstest.Client) string {
	r.t.Helper()
	var id string
	r.must(c, func(_ context.Context, s *humasess.Session[account]) error { id = s.ID(); return nil })
	return id
}

func TestList(t *testing.T) {
	r := newRig(t, accountOptions())
	begin := r.clock.Now()
	first := r.signedIn(account{ID: "u1", N: 1})
	r.clock.Advance(time.Minute)
	second := r.signedIn(account{ID: "u1", N: 2})
	r.signedIn(account{ID: "u2"})
	r.clock.Advance(9 * time.Minute)
	current := idOf(r, second) // and extends it

	t.Run("R5 this user's sessions, oldest first", func(t *testing.T) {
		r.store.Reset()
		r.must(second, func(ctx context.Context, s *humasess.Session[account]) error {
			got, err := s.List(ctx)
			if err != nil || len(got) != 2 {
				t.Fatalf("List: got %v, %v, want 2", got, err)
			}
			want := []humasess.Info[account]{
				{ID: idOf(r, first), Data: account{ID: "u1", N: 1}, CreatedAt: begin, LastSeenAt: begin, ExpiresAt: begin.Add(unused)},
				{ID: current, Data: account{ID: "u1", N: 2}, Current: true, CreatedAt: begin.Add(time.Minute), LastSeenAt: begin.Add(10 * time.Minute), ExpiresAt: begin.Add(10*time.Minute + unused)}, //nolint:lll // one case
			}
			for i := range want {
				g, w := got[i], want[i]
				if g.ID != w.ID || fmt.Sprint(g.Data) != fmt.Sprint(w.Data) || g.Current != w.Current ||
					!g.CreatedAt.Equal(w.CreatedAt) || !g.LastSeenAt.Equal(w.LastSeenAt) || !g.ExpiresAt.Equal(w.ExpiresAt) {
					t.Errorf("session %d: got %+v, want %+v", i, g, w)
				}
			}
			return nil
		})
	})

	t.Run("listing extends nothing", func(t *testing.T) {
		before, err := r.sessions.List(context.Background(), "u1")
		if err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(5 * time.Minute)
		after, err := r.sessions.List(context.Background(), "u1")
		if err != nil || len(after) != 2 || !after[0].ExpiresAt.Equal(before[0].ExpiresAt) || !after[1].LastSeenAt.Equal(before[1].LastSeenAt) {
			t.Errorf("got %+v after %+v", after, before)
		}
	})

	t.Run("R8 an anonymous session lists itself only", func(t *testing.T) {
		a, b := r.client(), r.client()
		r.must(a, increment)
		r.must(b, increment)
		r.must(a, func(ctx context.Context, s *humasess.Session[account]) error {
			got, err := s.List(ctx)
			if err != nil || len(got) != 1 || got[0].ID != s.ID() || !got[0].Current {
				t.Errorf("List: got %+v, %v, want itself", got, err)
			}
			return nil
		})
	})

	t.Run("R8 an anonymous session that is not stored yet has an empty list, which is not null in an answer", func(t *testing.T) {
		r.must(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
			if err := increment(ctx, s); err != nil {
				return err
			}
			got, err := s.List(ctx)
			if err != nil || got == nil || len(got) != 0 {
				t.Errorf("List: got %#v, %v, want an empty list", got, err)
			}
			return nil
		})
	})

	t.Run("expired sessions are not in it", func(t *testing.T) {
		r.clock.Advance(time.Hour)
		if got, err := r.sessions.List(context.Background(), "u1"); err != nil || len(got) != 0 {
			t.Errorf("List: got %+v, %v, want none", got, err)
		}
	})
}

func TestRevoke(t *testing.T) {
	r := newRig(t, accountOptions())
	mine, other := r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u1"})
	stranger := r.signedIn(account{ID: "u2"})
	visitor := r.client()
	r.must(visitor, increment)
	revoke := func(id string) handler[account] {
		return func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, id) }
	}

	for name, id := range map[string]string{
		"another user's": idOf(r, stranger), "an anonymous one": idOf(r, visitor), "unknown": "BAAAAAAAAAAAAAAAAAAAAA",
		"the zero ID": "AAAAAAAAAAAAAAAAAAAAAA", "no ID": "x", "empty": "",
	} {
		t.Run("R5 "+name+" is not found", func(t *testing.T) {
			w := r.call(mine, revoke(id))
			wantStatus(t, w, http.StatusNotFound)
			if got := problemOf(t, w).Type; got != "urn:humasess:problem:not-found" {
				t.Errorf("type: got %q", got)
			}
		})
	}
	r.wantActive(stranger, true)
	r.wantActive(visitor, true)

	t.Run("R5 an own one ends at once", func(t *testing.T) {
		id := idOf(r, other)
		w := r.must(mine, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := s.Revoke(ctx, id); err != nil {
				return err
			}
			r.wantActive(other, false) // before the response
			if err := s.Revoke(ctx, id); !errors.Is(err, humasess.ErrNotFound) {
				t.Errorf("twice: got %v, want %v", err, humasess.ErrNotFound)
			}
			return nil
		})
		wantCookies(t, w, 0)
		r.wantActive(mine, true)
	})

	t.Run("R5 the current one is a logout", func(t *testing.T) {
		old := token(mine)
		w := r.must(mine, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := s.Revoke(ctx, s.ID()); err != nil {
				return err
			}
			if s.Active() {
				t.Error("the session is active after it was revoked")
			}
			r.wantActive(r.withToken(old), false)
			return nil
		})
		wantCookies(t, w, 1)
		if token(mine) != "" {
			t.Error("the cookie is still there")
		}
	})

	t.Run("an anonymous session may end itself, and nothing else", func(t *testing.T) {
		wantStatus(t, r.call(visitor, revoke(idOf(r, stranger))), http.StatusNotFound)
		w := r.call(visitor, func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, s.ID()) })
		wantStatus(t, w, http.StatusNoContent)
		r.wantActive(visitor, false)
	})
}

func TestRevokeMany(t *testing.T) {
	r := newRig(t, accountOptions())
	three := func() [3]*humasesstest.Client {
		return [3]*humasesstest.Client{r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u1"})}
	}
	others := func(want int) handler[account] {
		return func(ctx context.Context, s *humasess.Session[account]) error {
			n, err := s.RevokeOthers(ctx)
			if n != want {
				t.Errorf("RevokeOthers: got %d, want %d", n, want)
			}
			return err
		}
	}
	all := func(want int) handler[account] {
		return func(ctx context.Context, s *humasess.Session[account]) error {
			n, err := s.RevokeAll(ctx)
			if n != want || s.Active() {
				t.Errorf("RevokeAll: got %d and active %v, want %d", n, s.Active(), want)
			}
			return err
		}
	}
	stranger := r.signedIn(account{ID: "u2"})

	t.Run("R3 others die, this one lives with a new token and no grace", func(t *testing.T) {
		c := three()
		old := token(c[0])
		w := r.must(c[0], others(2))
		wantCookies(t, w, 1)
		r.wantActive(c[0], true)
		r.wantActive(c[1], false)
		r.wantActive(c[2], false)
		r.wantActive(r.withToken(old), false)
		r.must(c[0], all(1))
	})
	t.Run("R4 all die, and the cookie with them", func(t *testing.T) {
		c := three()
		old := token(c[0])
		w := r.must(c[0], all(3))
		wantCookies(t, w, 1)
		for _, c := range append(c[:], r.withToken(old)) {
			r.wantActive(c, false)
		}
		if token(c[0]) != "" {
			t.Error("the cookie is still there")
		}
	})
	t.Run("a response of 400 or more takes neither back", func(t *testing.T) {
		for _, f := range []handler[account]{others(2), all(3)} {
			c := three()
			r.call(c[0], func(ctx context.Context, s *humasess.Session[account]) error {
				if err := f(ctx, s); err != nil {
					return err
				}
				return errors.New("failed")
			})
			r.wantActive(c[1], false)
			r.wantActive(c[2], false)
			if _, err := r.sessions.RevokeIdentity(context.Background(), "u1"); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("R4 all, then Start: the request's own revocation does not refuse it", func(t *testing.T) {
		c := three()
		w := r.must(c[0], func(ctx context.Context, s *humasess.Session[account]) error {
			if err := all(3)(ctx, s); err != nil {
				return err
			}
			return s.Start(account{ID: "u1"})
		})
		wantCookies(t, w, 1)
		r.wantActive(c[0], true)
		r.must(c[0], all(1))
	})
	t.Run("of an anonymous session", func(t *testing.T) {
		a, b := r.client(), r.client()
		r.must(a, increment)
		r.must(b, increment)
		wantCookies(t, r.must(a, others(0)), 0)
		r.must(a, all(1))
		r.wantActive(a, false)
		r.wantActive(b, true)
	})
	r.wantActive(stranger, true)
}

func TestManagerAdministration(t *testing.T) {
	r := newRig(t, accountOptions())
	ctx := context.Background()

	t.Run("R4 Revoke ends the session of any user", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		visitor := r.client()
		r.must(visitor, increment)
		for _, c := range []*humasesstest.Client{c, visitor} {
			id := idOf(r, c)
			if err := r.sessions.Revoke(ctx, id); err != nil {
				t.Errorf("Revoke: %v", err)
			}
			r.wantActive(c, false)
			if err := r.sessions.Revoke(ctx, id); !errors.Is(err, humasess.ErrNotFound) {
				t.Errorf("twice: got %v, want %v", err, humasess.ErrNotFound)
			}
		}
		for _, id := range []string{"nonsense", "", "AAAAAAAAAAAAAAAAAAAAAA"} {
			if err := r.sessions.Revoke(ctx, id); !errors.Is(err, humasess.ErrNotFound) {
				t.Errorf("ID %q: got %v, want %v", id, err, humasess.ErrNotFound)
			}
		}
	})

	t.Run("R2 RevokeIdentity ends all of one user", func(t *testing.T) {
		a, b, other := r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u2"})
		r.events.take()
		if n, err := r.sessions.RevokeIdentity(ctx, "u1"); n != 2 || err != nil {
			t.Errorf("got %d, %v, want 2", n, err)
		}
		r.wantActive(a, false)
		r.wantActive(b, false)
		r.wantActive(other, true)
		if got := r.events.take(); len(got) == 0 || got[0].Kind != events.Revoked || got[0].Count != 2 {
			t.Errorf("event: got %+v, want 2 revoked", got)
		}
		if n, err := r.sessions.RevokeIdentity(ctx, "u1"); n != 0 || err != nil {
			t.Errorf("again: got %d, %v, want 0", n, err)
		}
	})

	t.Run("no identity is an error", func(t *testing.T) {
		visitor := r.client()
		r.must(visitor, increment)
		_, list := r.sessions.List(ctx, "")
		_, revoke := r.sessions.RevokeIdentity(ctx, "")
		_, update := r.sessions.UpdateIdentity(ctx, "", func(*account) error { return nil })
		_, where := r.sessions.RevokeWhere(ctx, "", ofSignIn(""))
		for name, err := range map[string]error{"List": list, "RevokeIdentity": revoke, "UpdateIdentity": update, "RevokeWhere": where} {
			if !errors.Is(err, stores.ErrNoIdentity) {
				t.Errorf("%s: got %v, want %v", name, err, stores.ErrNoIdentity)
			}
		}
		r.wantActive(visitor, true)
	})

	t.Run("UpdateIdentity changes every session of one user", func(t *testing.T) {
		a, b, other := r.signedIn(account{ID: "u3"}), r.signedIn(account{ID: "u3", N: 5}), r.signedIn(account{ID: "u4"})
		before, _ := r.sessions.List(ctx, "u3")
		r.clock.Advance(time.Minute)
		n, err := r.sessions.UpdateIdentity(ctx, "u3", func(a *account) error { a.N++; a.Roles = []string{"admin"}; return nil })
		if n != 2 || err != nil {
			t.Errorf("got %d, %v, want 2", n, err)
		}
		after, _ := r.sessions.List(ctx, "u3")
		for i := range after {
			if !after[i].ExpiresAt.Equal(before[i].ExpiresAt) || !after[i].LastSeenAt.Equal(before[i].LastSeenAt) {
				t.Errorf("session %d was extended: %+v after %+v", i, after[i], before[i])
			}
		}
		for c, want := range map[*humasesstest.Client]int{a: 1, b: 6, other: 0} {
			if got, _ := r.data(c); got.N != want || (len(got.Roles) == 1) != (want > 0) {
				t.Errorf("data: got %+v, want N %d", got, want)
			}
		}
		wrong := errors.New("wrong")
		if n, err := r.sessions.UpdateIdentity(ctx, "u3", func(*account) error { return wrong }); n != 0 || !errors.Is(err, wrong) {
			t.Errorf("an error of the function: got %d, %v", n, err)
		}
		if _, err := r.sessions.UpdateIdentity(ctx, "u3", func(a *account) error { a.ID = "u9"; return nil }); err == nil {
			t.Error("a change of identity: got no error")
		}
		if got, _ := r.data(a); got.ID != "u3" || got.N != 1 {
			t.Errorf("data after refused changes: got %+v", got)
		}
	})

	t.Run("UpdateIdentity loses no concurrent change", func(t *testing.T) {
		c := r.signedIn(account{ID: "u5"})
		first := true
		n, err := r.sessions.UpdateIdentity(ctx, "u5", func(a *account) error {
			if first {
				first = false
				r.must(c, increment)
			}
			a.N += 10
			return nil
		})
		if got, _ := r.data(c); n != 1 || err != nil || got.N != 11 {
			t.Errorf("got %d, %v and N %d, want 1 and 11", n, err, got.N)
		}
	})

	t.Run("Issue is the cookie of a session", func(t *testing.T) {
		cookie, err := r.sessions.Issue(ctx, account{ID: "u6", N: 3})
		if err != nil {
			t.Fatal(err)
		}
		if err := cookie.Valid(); err != nil || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" ||
			cookie.SameSite != http.SameSiteLaxMode || cookie.Name != cookieName || cookie.MaxAge != 0 {
			t.Errorf("cookie: got %+v, %v", cookie.Name, err)
		}
		if got, _ := r.data(r.withToken(cookie.Value)); got.N != 3 {
			t.Errorf("data: got %+v", got)
		}
		r.store.Fail(humasesstest.OpCreate, errDown)
		defer r.store.Fail(humasesstest.OpCreate, nil)
		if _, err := r.sessions.Issue(ctx, account{ID: "u6"}); !errors.Is(err, humasess.ErrUnavailable) {
			t.Errorf("store down: got %v, want %v", err, humasess.ErrUnavailable)
		}
	})

	t.Run("sessions work after Close", func(t *testing.T) {
		c := r.signedIn(account{ID: "u7"})
		for range 2 {
			if err := r.sessions.Close(ctx); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		r.wantActive(c, true)
	})
}

func TestTwoManagersOnOneStore(t *testing.T) {
	shared := memory.New(nil)
	options := accountOptions()
	a := newRig(t, options)
	managers := [2]*humasess.Manager[account]{}
	for i, scheme := range []string{"one", "two"} {
		o := accountOptions()
		o.SchemeName, o.Now = scheme, a.clock.Now
		m, err := humasess.New(shared, &o)
		if err != nil {
			t.Fatal(err)
		}
		managers[i] = m
	}
	ctx := context.Background()
	clients := [2]*humasesstest.Client{}
	for i, m := range managers {
		api, mux := plainAPI()
		if err := m.Attach(api); err != nil {
			t.Fatal(err)
		}
		huma.Get(api, "/", func(context.Context, *struct{ humasess.Required[account] }) (*struct{}, error) { return nil, nil })
		clients[i] = humasesstest.NewClient(mux)
		cookie := humasesstest.Login(t, m, account{ID: "u1"})
		clients[i].SetCookie(cookie)
		wantStatus(t, clients[i].Do(http.MethodGet, "/", nil), http.StatusNoContent)
	}
	t.Run("T3 a session of one is unknown to the other", func(t *testing.T) {
		c := clients[0].Clone()
		c.SetCookie(&http.Cookie{Name: cookieName, Value: token(clients[1])})
		wantStatus(t, c.Do(http.MethodGet, "/", nil), http.StatusUnauthorized)
	})
	theirs, err := managers[1].List(ctx, "u1")
	if err != nil || len(theirs) != 1 {
		t.Fatalf("R4 the other's sessions: got %v, %v, want 1", theirs, err)
	}
	if err := managers[0].Revoke(ctx, theirs[0].ID); !errors.Is(err, humasess.ErrNotFound) {
		t.Errorf("R4 Revoke of another manager's session: got %v, want %v", err, humasess.ErrNotFound)
	}
	if n, err := managers[0].RevokeIdentity(ctx, "u1"); n != 1 || err != nil {
		t.Errorf("R4 RevokeIdentity: got %d, %v, want 1", n, err)
	}
	if left, err := managers[1].List(ctx, "u1"); err != nil || len(left) != 1 {
		t.Errorf("R4 the other's sessions afterwards: got %v, %v, want 1", left, err)
	}
}

// plainStore has none of the capabilities of the store inside.
type plainStore struct{ stores.Store }

func TestUnsupported(t *testing.T) {
	identity := accountOptions()
	noIndex, err := humasess.New(plainStore{memory.New(nil)}, &identity)
	if err != nil {
		t.Fatal(err)
	}
	noIdentity, err := humasess.New[account](memory.New(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*humasess.Manager[account]{"no index": noIndex, "no Options.Identity": noIdentity} {
		api, mux := plainAPI()
		if err := m.Attach(api); err != nil {
			t.Fatal(err)
		}
		r := &rig[account]{t: t, mux: mux, sessions: m, calls: map[string]func(context.Context, *humasess.Session[account]) error{}}
		r.register(api)
		c := r.signedIn(account{ID: "u1"})
		for call, f := range map[string]handler[account]{
			"List": func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.List(ctx); return err },
			"RevokeOthers": func(ctx context.Context, s *humasess.Session[account]) error {
				_, err := s.RevokeOthers(ctx)
				return err
			},
			"RevokeAll":    func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.RevokeAll(ctx); return err },
			"Manager.List": func(ctx context.Context, _ *humasess.Session[account]) error { _, err := m.List(ctx, "u1"); return err },
			"Manager.RevokeIdentity": func(ctx context.Context, _ *humasess.Session[account]) error {
				_, err := m.RevokeIdentity(ctx, "u1")
				return err
			},
			"Manager.UpdateIdentity": func(ctx context.Context, _ *humasess.Session[account]) error {
				_, err := m.UpdateIdentity(ctx, "u1", func(*account) error { return nil })
				return err
			},
			"Manager.RevokeWhere": func(ctx context.Context, _ *humasess.Session[account]) error {
				_, err := m.RevokeWhere(ctx, "u1", ofSignIn(""))
				return err
			},
		} {
			t.Run(name+": "+call, func(t *testing.T) {
				w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
					err := f(ctx, s)
					if !errors.Is(err, errors.ErrUnsupported) {
						t.Errorf("got %v, want %v", err, errors.ErrUnsupported)
					}
					return err
				})
				wantStatus(t, w, http.StatusNotImplemented)
			})
		}
		r.wantActive(c, true)
		wantStatus(t, r.loginCall(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
			// A call outside of the request, whose mark would refuse the sign-in.
			_, err := m.UpdateIdentity(context.Background(), "u1", func(*account) error { return nil })
			_, where := m.RevokeWhere(context.Background(), "u1", ofSignIn(""))
			if !errors.Is(err, errors.ErrUnsupported) || !errors.Is(where, errors.ErrUnsupported) {
				t.Errorf("%s: got %v and %v, want %v", name, err, where, errors.ErrUnsupported)
			}
			return s.Start(account{ID: "u1"})
		}), http.StatusNoContent)
	}
}

// TestListWithoutIdentity tells the program its mistake in the log, because the client
// gets a 501 without the reason.
func TestListWithoutIdentity(t *testing.T) {
	for name, do := range map[string]handler[account]{
		"List": func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.List(ctx); return err },
		"RevokeOthers": func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		},
		"RevokeAll": func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.RevokeAll(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			o := accountOptions()
			o.Identity = nil
			r := newRig(t, o)
			wantStatus(t, r.call(r.signedIn(account{ID: "u1"}), do), http.StatusNotImplemented)
			if got := r.log.String(); !strings.Contains(got, "Options.Identity is not set") {
				t.Errorf("got log %q, want the option in it", got)
			}
		})
	}
}
