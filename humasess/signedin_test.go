package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// moveTo changes the identity.
func moveTo(id string) handler[account] {
	return func(_ context.Context, s *humasess.Session[account]) error {
		return s.Update(func(a *account) error { a.ID = id; return nil })
	}
}

// doors registers one operation for each way to ask for a user.
func doors(r *rig[account]) []string {
	type plain struct{ humasess.Session[account] }
	ok := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	huma.Get(r.api, "/door/required", func(context.Context, *struct{ humasess.Required[account] }) (*struct{}, error) { return nil, nil })
	guarded[letsIn](r.api, http.MethodGet, "/door/guarded", nothing[account])
	group := huma.NewGroup(r.api, "/door")
	group.UseSimpleModifier(r.sessions.Require())
	huma.Get(group, "/require", ok)
	fresh := huma.NewGroup(r.api, "/door")
	fresh.UseSimpleModifier(r.sessions.RequireFresh(time.Hour))
	huma.Get(fresh, "/fresh", ok)
	huma.Register(r.api, huma.Operation{Method: http.MethodGet, Path: "/door/security", Security: []map[string][]string{{"sessionCookie": {}}}}, ok)
	huma.Get(r.api, "/door/handler", func(_ context.Context, in *plain) (*struct{}, error) { return nil, in.RequireFresh(time.Hour) })
	return []string{"/door/required", "/door/guarded", "/door/require", "/door/fresh", "/door/security", "/door/handler"}
}

// letsIn is a guard that lets every session pass.
type letsIn struct{}

func (letsIn) Check(huma.Context, account) error { return nil }

func TestSignedIn(t *testing.T) {
	t.Run("an anonymous session opens no door, with the answer of no session", func(t *testing.T) {
		r := newRig(t, accountOptions())
		paths := doors(r)
		visitor, out := r.client(), r.signedIn(account{ID: "u1"})
		r.must(visitor, increment)
		r.must(out, func(_ context.Context, s *humasess.Session[account]) error { // a flash message after signing out
			return errors.Join(s.Destroy(), s.Update(func(a *account) error { a.Note = "bye"; return nil }))
		})
		for _, path := range paths {
			none := r.client().Do(http.MethodGet, path, nil)
			wantStatus(t, none, http.StatusUnauthorized)
			for name, c := range map[string]*humasesstest.Client{"visitor": visitor, "signed out": out} {
				w := c.Do(http.MethodGet, path, nil)
				if w.Code != none.Code || w.Body.String() != none.Body.String() {
					t.Errorf("%s, %s: got %d %s, want %d %s", path, name, w.Code, w.Body, none.Code, none.Body)
				}
			}
			wantStatus(t, r.signedIn(account{ID: "u1"}).Do(http.MethodGet, path, nil), http.StatusNoContent)
		}
		r.wantActive(visitor, true)
	})
	t.Run("RequireByDefault", func(t *testing.T) {
		o := accountOptions()
		o.RequireByDefault = true
		r := newRig(t, o)
		huma.Get(r.api, "/any", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
		c := r.client()
		r.must(c, increment)
		wantStatus(t, c.Do(http.MethodGet, "/any", nil), http.StatusUnauthorized)
	})
	t.Run("AnonymousSuffices admits it and changes nothing else", func(t *testing.T) {
		o := accountOptions()
		o.AnonymousSuffices = true
		r := newRig(t, o)
		c := r.client()
		for _, path := range doors(r) {
			wantStatus(t, c.Do(http.MethodGet, path, nil), http.StatusUnauthorized)
		}
		r.must(c, increment)
		for path, want := range map[string]int{
			"/door/required": http.StatusNoContent, "/door/guarded": http.StatusNoContent, "/door/require": http.StatusNoContent,
			"/door/security": http.StatusNoContent, "/door/fresh": http.StatusForbidden, "/door/handler": http.StatusForbidden,
		} {
			wantStatus(t, c.Do(http.MethodGet, path, nil), want)
		}
		wantStatus(t, r.loginCall(r.client(), func(_ context.Context, s *humasess.Session[account]) error {
			err := s.Start(account{Note: "nobody"})
			if !errors.Is(err, humasess.ErrInvalid) {
				t.Errorf("Start: got %v, want %v", err, humasess.ErrInvalid)
			}
			return nil
		}), http.StatusNoContent)
	})
	t.Run("without Identity any session suffices", func(t *testing.T) {
		r := newRig(t, humasess.Options[account]{})
		wantStatus(t, r.requiredCall(r.signedIn(account{}), nothing[account]), http.StatusNoContent)
	})
	t.Run("Start and Issue with anonymous data are errors", func(t *testing.T) {
		r := newRig(t, accountOptions())
		w := r.loginCall(r.client(), start(account{Note: "nobody"}))
		wantStatus(t, w, http.StatusInternalServerError)
		wantCookies(t, w, 0)
		if _, err := r.sessions.Issue(t.Context(), account{}); !errors.Is(err, humasess.ErrInvalid) {
			t.Errorf("Issue: got %v, want %v", err, humasess.ErrInvalid)
		}
	})
}

func TestNumericIdentity(t *testing.T) {
	// The identity is a number, and "0" without one.
	identity := func(a account) string { n, _ := strconv.Atoi(a.ID); return strconv.Itoa(n) }
	r := newRig(t, humasess.Options[account]{Identity: identity, MaxPerIdentity: 1})
	first, second := r.client(), r.client()
	r.must(first, increment)
	r.must(second, increment)
	r.wantActive(first, true) // not evicted by the second
	r.must(first, func(ctx context.Context, s *humasess.Session[account]) error {
		infos, err := s.List(ctx)
		if err != nil || len(infos) != 1 || infos[0].Identity != "" {
			t.Errorf("List: got %+v, %v, want this session alone", infos, err)
		}
		_, err = s.RevokeAll(ctx)
		return err
	})
	r.wantActive(second, true)
	wantStatus(t, r.requiredCall(second, nothing[account]), http.StatusUnauthorized)
	if _, err := r.sessions.List(t.Context(), "0"); !errors.Is(err, humasess.ErrInvalid) {
		t.Errorf("List of the zero identity: got %v, want %v", err, humasess.ErrInvalid)
	}
	if _, err := r.sessions.RevokeIdentity(t.Context(), "0"); !errors.Is(err, humasess.ErrInvalid) {
		t.Errorf("RevokeIdentity of the zero identity: got %v, want %v", err, humasess.ErrInvalid)
	}
	user := r.signedIn(account{ID: "7"})
	wantStatus(t, r.requiredCall(user, nothing[account]), http.StatusNoContent)
	if infos, err := r.sessions.List(t.Context(), "7"); err != nil || len(infos) != 1 {
		t.Errorf("List of 7: got %v, %v, want one", infos, err)
	}
}

func TestIdentityOfZero(t *testing.T) {
	_, err := humasess.New(memory.New(nil), &humasess.Options[account]{Identity: func(a account) string { return a.Roles[0] }})
	if err == nil || !strings.Contains(err.Error(), "Identity panics") {
		t.Errorf("got %v, want an error about the panic", err)
	}
}

// TestSignInByUpdate is about a change of identity by Update.
func TestSignInByUpdate(t *testing.T) {
	t.Run("of a visitor it is a sign-in", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.client()
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			return errors.Join(s.Update(func(a *account) error { a.N = 3; return nil }), s.SetTTL(time.Hour))
		})
		r.clock.Advance(10 * time.Minute)
		before := token(c)
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			err := moveTo("u1")(ctx, s)
			wantTime(t, "Deadline at once", s.Deadline(), r.clock.Now().Add(absolute))
			wantTime(t, "CreatedAt at once", s.CreatedAt(), r.clock.Now())
			return err
		})
		r.wantDead(before)
		begin := r.clock.Now()
		r.clock.Advance(time.Minute)
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			data, _ := s.Get()
			if data.ID != "u1" || data.N != 3 {
				t.Errorf("data: got %+v, want those of the visitor", data)
			}
			wantTime(t, "CreatedAt", s.CreatedAt(), begin)
			wantTime(t, "Authentication", s.Authentication().Time, begin)
			wantTime(t, "Deadline", s.Deadline(), begin.Add(absolute))
			return nil
		})
	})
	t.Run("of a user it keeps times, proof, client and TTL", func(t *testing.T) {
		o := accountOptions()
		o.Client = userAgent
		r := newRig(t, o)
		c := r.client()
		begin := r.clock.Now()
		wantStatus(t, r.loginCall(c, func(_ context.Context, s *humasess.Session[account]) error {
			return errors.Join(s.Start(account{ID: "u1", Roles: []string{"admin"}}), s.SetTTL(5*time.Hour),
				s.ReauthenticatedWith(humasess.Authentication{Class: "aal2", Methods: []humasess.Method{{Name: "otp"}}}))
		}, withHeaders("User-Agent", "phone")), http.StatusNoContent)
		r.clock.Advance(20 * time.Minute)
		for _, id := range []string{"u2", "u3"} {
			before := token(c)
			wantStatus(t, r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
				err := moveTo(id)(ctx, s)
				wantTime(t, "Deadline at once", s.Deadline(), begin.Add(5*time.Hour))
				wantTime(t, "CreatedAt at once", s.CreatedAt(), begin)
				wantTime(t, "Authentication at once", s.Authentication().Time, begin)
				return err
			}, withHeaders("User-Agent", "laptop")), http.StatusNoContent)
			r.wantDead(before)
			r.clock.Advance(time.Minute)
		}
		infos, err := r.sessions.List(t.Context(), "u3")
		if err != nil || len(infos) != 1 {
			t.Fatalf("List: got %v, %v, want one", infos, err)
		}
		info := infos[0]
		wantTime(t, "CreatedAt", info.CreatedAt, begin)
		wantTime(t, "Authentication", info.Authentication.Time, begin)
		if info.Authentication.Class != "aal2" || len(info.Authentication.Methods) != 1 || info.Client.UserAgent != "phone" {
			t.Errorf("got %+v by %q, want the proof and the client of the sign-in", info.Authentication, info.Client.UserAgent)
		}
		r.clock.Advance(begin.Add(5 * time.Hour).Sub(r.clock.Now()))
		r.wantActive(c, false)
	})
	t.Run("no deadline is won by going back and forth", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		end := r.clock.Now().Add(absolute)
		for i := range 40 {
			r.clock.Advance(700 * time.Millisecond)
			r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
				err := moveTo("u"+strconv.Itoa(i))(ctx, s)
				r.clock.Advance(200 * time.Millisecond)
				return err
			})
		}
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			if s.Deadline().After(end) {
				t.Errorf("Deadline: got %v, want at most %v", s.Deadline(), end)
			}
			return nil
		})
	})
	t.Run("a user does not become anonymous", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		for name, do := range map[string]handler[account]{
			"of the session": moveTo(""),
			"of the one to start": func(ctx context.Context, s *humasess.Session[account]) error {
				return errors.Join(s.Start(account{ID: "u2"}), moveTo("")(ctx, s))
			},
			"of another identity": func(ctx context.Context, s *humasess.Session[account]) error {
				return errors.Join(moveTo("u3")(ctx, s), moveTo("")(ctx, s))
			},
		} {
			w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
				err := do(ctx, s)
				if !errors.Is(err, humasess.ErrInvalid) {
					t.Errorf("%s: got %v, want %v", name, err, humasess.ErrInvalid)
				}
				return err
			})
			wantStatus(t, w, http.StatusInternalServerError)
			if got, ok := r.data(c); !ok || got.ID != "u1" {
				t.Errorf("%s: got %+v, %v, want the session as it was", name, got, ok)
			}
		}
	})
}
