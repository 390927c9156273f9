package humasess_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// owned returns each event since the last take with its reason and its identity.
func (l *eventLog) owned() []string {
	var all []string
	for _, e := range l.take() {
		all = append(all, fmt.Sprintf("%s of %q", events.Series{Kind: e.Kind, Reason: e.Reason}, e.Identity))
	}
	return all
}

func become(id string) handler[account] {
	return func(_ context.Context, s *humasess.Session[account]) error {
		return s.Update(func(a *account) error { a.ID = id; return nil })
	}
}

// Each event of a session that is known tells whose it is.
func TestIdentityOfEvents(t *testing.T) {
	o := rotating()
	o.RevokeReused, o.CSRFHeader, o.MaxPerIdentity = true, csrfHeader, 2
	r := newRig(t, o)
	huma.Post(r.api, "/unsafe", func(context.Context, *requiredInput) (*struct{}, error) { return nil, nil })
	public := func(do handler[account]) func(c *humasesstest.Client) {
		return func(c *humasesstest.Client) { r.loginCall(c, do) }
	}
	admin := func(do func(id string) error) func(c *humasesstest.Client) {
		return func(c *humasesstest.Client) {
			var id string
			r.loginCall(c, func(_ context.Context, s *humasess.Session[account]) error { id = s.ID(); return nil })
			if err := do(id); err != nil {
				t.Error(err)
			}
		}
	}
	for _, tt := range []struct {
		name string
		user string // of the session before, "" for none
		do   func(c *humasesstest.Client)
		want []string
	}{
		{"sign in", "", public(start(account{ID: "u1"})), []string{`created/sign_in of "u1"`}},
		{"a visitor", "", public(become("")), []string{`created/anonymous of ""`}},
		{"a visitor becomes a user", "", func(c *humasesstest.Client) {
			r.loginCall(c, become(""))
			r.events.take()
			r.loginCall(c, become("u1"))
		}, []string{`destroyed/replaced of ""`, `created/sign_in of "u1"`}},
		{"another user by Update", "u1", public(become("u2")), []string{`destroyed/replaced of "u1"`, `created/sign_in of "u2"`}},
		{"another user by Start", "u1", public(start(account{ID: "u2"})), []string{`destroyed/replaced of "u1"`, `created/sign_in of "u2"`}},
		{"another user, written before the answer", "u1", public(func(ctx context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "u2"}); err != nil {
				return err
			}
			_, err := s.List(ctx)
			return err
		}), []string{`created/sign_in of "u2"`, `destroyed/replaced of "u1"`}},
		{"sign out", "u1", public(destroy[account]), []string{`destroyed/sign_out of "u1"`}},
		{"a visitor leaves", "", func(c *humasesstest.Client) {
			r.loginCall(c, become(""))
			r.events.take()
			r.loginCall(c, destroy[account])
		}, []string{`destroyed of ""`}},
		{"sign out of two sessions", "u1", func(c *humasesstest.Client) {
			other := token(r.signedIn(account{ID: "u2"}))
			r.events.take()
			both := withHeaders("Cookie", cookieName+"="+token(c)+"; "+cookieName+"="+other)
			r.loginCall(r.client(), destroy[account], both)
		}, []string{`rejected/ambiguous of ""`, `destroyed/sign_out of "u1"`, `destroyed/sign_out of "u2"`}},
		{"renewal", "u1", public(renew[account]), []string{`renewed of "u1"`}},
		{"an extension", "u1", func(c *humasesstest.Client) { r.clock.Advance(idle / 10); r.loginCall(c, nothing[account]) }, []string{`touched of "u1"`}},
		{"too many", "u1", func(*humasesstest.Client) {
			for range 2 {
				r.signedIn(account{ID: "u1"})
			}
		}, []string{`created/sign_in of "u1"`, `evicted of "u1"`, `created/sign_in of "u1"`}},
		{"reuse", "u1", func(c *humasesstest.Client) {
			former := token(c)
			r.loginCall(c, renew[account])
			r.loginCall(c, nothing[account])
			r.clock.Advance(grace + 1)
			r.events.take()
			r.loginCall(r.withToken(former), nothing[account])
		}, []string{`reused of "u1"`, `revoked/reused of "u1"`}},
		{"an ID with another session's secret", "u1", func(c *humasesstest.Client) {
			r.loginCall(r.withToken(token(c)[:22]+strings.Repeat("A", 42)), nothing[account])
		}, []string{`rejected/mismatch of ""`}},
		{"no CSRF token", "u1", func(c *humasesstest.Client) { c.Do(http.MethodPost, "/unsafe", nil) }, []string{`refused/csrf of "u1"`}},
		{"the user ends another session", "u1", func(c *humasesstest.Client) {
			var id string
			r.loginCall(r.signedIn(account{ID: "u1"}), func(_ context.Context, s *humasess.Session[account]) error { id = s.ID(); return nil })
			r.events.take()
			r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, id) })
		}, []string{`revoked of "u1"`}},
		{"the user ends all", "u1", public(func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeAll(ctx)
			return err
		}), []string{`revoked of "u1"`}},
		{"the data are taken", "u1", public(func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.Take(ctx)
			return err
		}), []string{`destroyed/sign_out of "u1"`}},
		{"an administrator ends one", "u1", admin(func(id string) error { return r.sessions.Revoke(t.Context(), id) }), []string{`revoked of "u1"`}},
		{"an administrator ends all", "u1", admin(func(string) error {
			_, err := r.sessions.RevokeIdentity(t.Context(), "u1")
			return err
		}), []string{`revoked of "u1"`}},
		{"an administrator ends some", "u1", admin(func(string) error {
			_, err := r.sessions.RevokeWhere(t.Context(), "u1", func(humasess.Info[account]) bool { return true })
			return err
		}), []string{`revoked of "u1"`}},
		{"the sign-in came before a revocation", "", func(c *humasesstest.Client) {
			r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
				if _, err := r.sessions.RevokeIdentity(context.Background(), "u1"); err != nil {
					t.Error(err)
				}
				return s.Start(account{ID: "u1"})
			})
		}, []string{`revoked of "u1"`, `rejected/revoked_during_sign_in of "u1"`}},
		{"the session ended meanwhile", "u1", public(func(ctx context.Context, s *humasess.Session[account]) error {
			if err := r.sessions.Revoke(context.Background(), s.ID()); err != nil {
				t.Error(err)
			}
			return s.Renew()
		}), []string{`revoked of "u1"`, `rejected/unknown of "u1"`}},
		{"the store fails before it answers", "u1", func(c *humasesstest.Client) {
			r.store.Fail(humasesstest.OpLoad, errDown)
			defer r.store.Fail(humasesstest.OpLoad, nil)
			r.loginCall(c, nothing[account])
		}, []string{`store_failed of ""`}},
		{"the store fails afterwards", "u1", func(c *humasesstest.Client) {
			r.store.Fail(humasesstest.OpUpdate, errDown)
			defer r.store.Fail(humasesstest.OpUpdate, nil)
			r.loginCall(c, renew[account])
		}, []string{`store_failed of "u1"`}},
		{"the store fails at a sign-in", "", func(c *humasesstest.Client) {
			r.store.Fail(humasesstest.OpCreate, errDown)
			defer r.store.Fail(humasesstest.OpCreate, nil)
			r.loginCall(c, start(account{ID: "u1"}))
		}, []string{`store_failed of "u1"`}},
	} {
		t.Run("E1 "+tt.name, func(t *testing.T) {
			r.in(t)
			if _, err := r.sessions.RevokeEverything(t.Context()); err != nil {
				t.Fatal(err)
			}
			c := r.client()
			if tt.user != "" {
				c = r.signedIn(account{ID: tt.user})
			}
			r.events.take()
			tt.do(c)
			if got := r.events.owned(); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// The owner of data that do not decode is known from their record, once the client has
// presented the secret.
func TestIdentityOfUndecodable(t *testing.T) {
	store := memory.New(nil)
	old := release(t, store, func(o *humasess.Options[account]) { o.Codec = taggedCodec("v1") })
	value := token(old.signedIn(account{ID: "u1"}))
	r := release(t, store, func(o *humasess.Options[account]) { o.Codec = taggedCodec("v2") })
	r.call(r.withToken(value), nothing[account])
	if _, err := r.sessions.List(t.Context(), "u1"); err != nil {
		t.Fatal(err)
	}
	want := []string{`undecodable of "u1"`, `undecodable of "u1"`}
	if got := r.events.owned(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Without Options.Identity nothing is known about users.
func TestEventsWithoutIdentity(t *testing.T) {
	r := newRig(t, humasess.Options[account]{})
	c := r.client()
	r.loginCall(c, start(account{ID: "u1"}))
	r.loginCall(c, destroy[account])
	want := []string{`created of ""`, `destroyed of ""`}
	if got := r.events.owned(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Identities are personal data, so the log has them by option only.
func TestLogIdentity(t *testing.T) {
	for _, on := range []bool{false, true} {
		o := accountOptions()
		o.LogIdentity = on
		r := newRig(t, o)
		r.signedIn(account{ID: "user-of-the-log"})
		if got := strings.Contains(r.log.String(), "identity=user-of-the-log"); got != on || !strings.Contains(r.log.String(), "session created") {
			t.Errorf("LogIdentity %v: got the log %s", on, r.log)
		}
		if e := r.events.take(); len(e) != 1 || e[0].Identity != "user-of-the-log" {
			t.Errorf("LogIdentity %v: got events %+v, want one with the identity", on, e)
		}
	}
}

// The log has a line for the first failure of a second, and Close writes the number of
// the others. OnEvent gets each.
func TestOutageInTheLog(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	r.events.take()
	r.store.Fail(humasesstest.OpLoad, errDown)
	for range 20 {
		wantStatus(t, r.call(c, nothing[account]), http.StatusServiceUnavailable)
	}
	if err := r.sessions.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines, failures := 0, 0
	for l := range strings.Lines(r.log.String()) {
		if !strings.Contains(l, "store_failed") {
			continue
		}
		n := 1
		if _, count, ok := strings.Cut(l, "failures="); ok {
			_, _ = fmt.Sscan(count, &n)
		}
		lines, failures = lines+1, failures+n
		if !strings.Contains(l, "operation=post-call") || !strings.Contains(l, errDown.Error()) || len(l) > 250 {
			t.Errorf("got the line %s, want a short one with the operation and the error", l)
		}
	}
	if got := len(r.events.take()); got != 20 || failures != 20 || lines > 10 {
		t.Errorf("got %d events, and %d lines for %d failures; want 20, few and 20", got, lines, failures)
	}
}
