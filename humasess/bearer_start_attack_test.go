package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// startBearer starts a session and keeps its token in one of the places.
func startBearer(data account, to *string) handler[account] {
	return func(_ context.Context, s *humasess.Session[account]) error {
		token, err := s.StartBearer(data)
		everything.Credential(token.AccessToken)
		*to = token.AccessToken
		return err
	}
}

// renewBearer renews the token and keeps the new one.
func renewBearer(to *string) handler[account] {
	return func(_ context.Context, s *humasess.Session[account]) error {
		token, err := s.RenewBearer()
		everything.Credential(token.AccessToken)
		*to = token.AccessToken
		return err
	}
}

// userOf returns the user whose session the token opens, or "".
func userOf(r *rig[account], token string) (id string) {
	r.t.Helper()
	wantStatus(r.t, r.call(r.client(), func(_ context.Context, s *humasess.Session[account]) error {
		a, _ := s.Get()
		id = a.ID
		return nil
	}, withToken(token)), http.StatusNoContent)
	return id
}

// wantSessions compares the number of a user's sessions.
func wantSessions(r *rig[account], identity string, want int) {
	r.t.Helper()
	if infos, err := r.sessions.List(context.Background(), identity); err != nil || len(infos) != want {
		r.t.Errorf("sessions of %s: got %d and %v, want %d", identity, len(infos), err, want)
	}
}

var errTeapot = huma.NewError(http.StatusTeapot, "refused after all")

// TestStartBearerTwice starts several sessions in one request, of which at most the last
// one may live.
func TestStartBearerTwice(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/login", "/call", "/login on a store that replaces nothing"} {
		for name, carrier := range map[string]func(*rig[account]) (*humasesstest.Client, []func(*http.Request)){
			"nothing": func(r *rig[account]) (*humasesstest.Client, []func(*http.Request)) { return r.client(), nil },
			"cookie": func(r *rig[account]) (*humasesstest.Client, []func(*http.Request)) {
				return r.signedIn(account{ID: "eve"}), nil
			},
			"token": func(r *rig[account]) (*humasesstest.Client, []func(*http.Request)) {
				return r.client(), []func(*http.Request){withToken(bearerOf(r, account{ID: "eve"}))}
			},
		} {
			for _, refused := range []bool{false, true} {
				t.Run(strings.Join([]string{path, name, map[bool]string{true: "refused"}[refused]}, " "), func(t *testing.T) {
					opts := accountOptions()
					opts.Bearer = &humasess.BearerOptions{}
					var store stores.Store = memory.New(nil)
					path, _, old := strings.Cut(path, " ")
					if old {
						store = replacesNot{memory.New(nil)}
					}
					r := newRigOn(t, opts, store, huma.DefaultConfig("Test", "1"))
					c, edits := carrier(r)
					var first, second string
					w := r.send(c, path, func(ctx context.Context, s *humasess.Session[account]) error {
						if err := errors.Join(startBearer(account{ID: "ada"}, &first)(ctx, s), startBearer(account{ID: "ada"}, &second)(ctx, s)); err != nil {
							return err
						}
						if refused {
							return errTeapot
						}
						return nil
					}, edits...)
					want := ""
					if refused {
						wantStatus(t, w, http.StatusTeapot)
						wantSessions(r, "ada", 0)
					} else {
						wantStatus(t, w, http.StatusNoContent)
						wantSessions(r, "ada", 1)
						wantSessions(r, "eve", 0)
						want = "ada"
					}
					if refused && path == "/login" && name != "nothing" {
						wantSessions(r, "eve", 1) // a sign-in that fails leaves the old session
					}
					if got := userOf(r, first); got != "" {
						t.Errorf("the first token: got user %q, want none", got)
					}
					if got := userOf(r, second); got != want {
						t.Errorf("the second token: got user %q, want %q", got, want)
					}
				})
			}
		}
	}
}

// TestStartBearerThen makes calls after StartBearer, in a request of a browser that is
// signed in.
func TestStartBearerThen(t *testing.T) {
	t.Parallel()
	calls := []struct {
		name string
		then handler[account]
		end  bool // the new session must not live
	}{
		{"Destroy", destroy[account], true},
		{"RevokeAll", func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.RevokeAll(ctx); return err }, true},
		{"RevokeOthers", func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		}, false},
		{"List", func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.List(ctx); return err }, false},
		{"Update", increment, false},
		{"Reauthenticated", reauthenticate("pwd"), false},
		{"Commit", func(ctx context.Context, s *humasess.Session[account]) error { return s.Commit(ctx) }, false},
		{"RenewBearer", func(_ context.Context, s *humasess.Session[account]) error { _, err := s.RenewBearer(); return err }, false},
		{"an error", func(context.Context, *humasess.Session[account]) error { return errTeapot }, true},
		{"a panic", func(context.Context, *humasess.Session[account]) error { panic("the handler's own") }, true},
	}
	for _, tt := range calls {
		for _, path := range []string{"/login", "/call"} {
			t.Run(tt.name+" "+path, func(t *testing.T) {
				r := bearerRig(t)
				browser := r.signedIn(account{ID: "ada"})
				var given string
				var w *httptest.ResponseRecorder
				_, panicked := panicText(func() {
					w = r.send(browser.Clone(), path, func(ctx context.Context, s *humasess.Session[account]) error {
						if err := startBearer(account{ID: "ada", Note: "new"}, &given)(ctx, s); err != nil {
							return err
						}
						return tt.then(ctx, s)
					})
				})
				last := given
				if w != nil {
					if sent := w.Header().Get("Session-Token"); sent != "" {
						last = sent
					}
					if got := w.Header().Get("Cache-Control"); !tt.end && got != "no-store" {
						t.Errorf("got Cache-Control %q, want no-store", got)
					}
				}
				refused := panicked || w.Code >= 400
				if refused != (tt.name == "an error" || tt.name == "a panic") {
					t.Fatalf("got %+v", w)
				}
				if got := userOf(r, last) == ""; got != tt.end {
					t.Errorf("the new session has ended: got %v, want %v", got, tt.end)
				}
				_, alive := r.data(browser)
				if want := refused && path == "/login"; alive != want {
					t.Errorf("the cookie's session is alive: got %v, want %v", alive, want)
				}
				if !refused && !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
					t.Errorf("got Set-Cookie %q, want an expired cookie", w.Header().Get("Set-Cookie"))
				}
				if !tt.end && tt.name != "Reauthenticated" && tt.name != "RenewBearer" && last != given {
					t.Error("the token that StartBearer has returned was replaced")
				}
			})
		}
	}
}

// TestStartBearerAfterStart gives up a session with a cookie that the same request has begun.
func TestStartBearerAfterStart(t *testing.T) {
	t.Parallel()
	for _, commit := range []bool{false, true} {
		for _, refused := range []bool{false, true} {
			r := bearerRig(t)
			var given string
			c := r.client()
			w := r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
				if err := s.Start(account{ID: "ada"}); err != nil {
					return err
				}
				if commit {
					if err := s.Commit(ctx); err != nil {
						return err
					}
				}
				if err := startBearer(account{ID: "ada"}, &given)(ctx, s); err != nil {
					return err
				}
				if refused {
					return errTeapot
				}
				return nil
			})
			want := 1
			if refused {
				wantStatus(t, w, http.StatusTeapot)
				want = 0
			} else {
				wantStatus(t, w, http.StatusNoContent)
			}
			wantSessions(r, "ada", want)
			if token(c) != "" {
				t.Errorf("got cookie %q, want none beside a token", token(c))
			}
			if got := userOf(r, given); (got == "ada") == refused {
				t.Errorf("the token opens the session of %q, refused %v", got, refused)
			}
		}
	}
}

// TestStartBearerFails lets the store fail, and the handler ignore it.
func TestStartBearerFails(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	browser := r.signedIn(account{ID: "ada"})
	r.store.Fail(humasesstest.OpCreate, errors.New("connection refused"))
	for _, ignored := range []bool{false, true} {
		w := r.loginCall(browser, func(_ context.Context, s *humasess.Session[account]) error {
			token, err := s.StartBearer(account{ID: "ada"})
			if err == nil || token != (humasess.BearerToken{}) {
				t.Errorf("got %v and token %v, want an error alone", err, token)
			}
			if ignored {
				return nil
			}
			return err
		})
		wantUnavailable(t, w)
		r.wantActive(browser, true)
	}
	// The commit repeats the write, so the client must get the token.
	w := r.loginCall(browser.Clone(), func(_ context.Context, s *humasess.Session[account]) error {
		if _, err := s.StartBearer(account{ID: "ada"}); err == nil {
			t.Error("got no error")
		}
		r.store.Fail(humasesstest.OpCreate, nil)
		return nil
	})
	wantStatus(t, w, http.StatusNoContent)
	if got := userOf(r, w.Header().Get("Session-Token")); got != "ada" {
		t.Errorf("the token of the commit: got user %q, want ada", got)
	}
	wantSessions(r, "ada", 1)
}

// TestLoginBesideToken starts sessions in requests that present a live or a dead token.
func TestLoginBesideToken(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	dead := bearerOf(r, account{ID: "ada"})
	wantStatus(t, r.requiredCall(r.client(), destroy[account], withToken(dead)), http.StatusNoContent)
	for name, token := range map[string]func() string{
		"live": func() string { return bearerOf(r, account{ID: "ada"}) },
		"dead": func() string { return dead },
	} {
		var given string
		presented := token()
		bob := r.signedIn(account{ID: "bob"})
		w := r.loginCall(bob, startBearer(account{ID: "ada"}, &given), withToken(presented))
		wantStatus(t, w, http.StatusNoContent)
		if w.Header()["Set-Cookie"] != nil {
			t.Errorf("%s: got cookies %q, want none", name, w.Header()["Set-Cookie"])
		}
		r.wantActive(bob, true)
		if got := userOf(r, given); got != "ada" {
			t.Errorf("%s: the new token opens the session of %q", name, got)
		}
		if got := userOf(r, presented); got != "" {
			t.Errorf("%s: the presented token still opens the session of %q", name, got)
		}
		wantSessions(r, "ada", 1)
		wantStatus(t, r.requiredCall(r.client(), destroy[account], withToken(given)), http.StatusNoContent)
	}
	wantSessions(r, "ada", 0)
}

// TestBearerLimits counts sessions with cookies and with tokens together.
func TestBearerLimits(t *testing.T) {
	t.Parallel()
	r := bearerRig(t, func(o *humasess.Options[account]) { o.MaxPerIdentity = 2 })
	oldest := r.signedIn(account{ID: "ada"})
	second := bearerOf(r, account{ID: "ada"})
	third := bearerOf(r, account{ID: "ada"})
	r.wantActive(oldest, false)
	newest := r.client()
	wantStatus(t, r.loginCall(newest, start(account{ID: "ada"})), http.StatusNoContent)
	if userOf(r, second) != "" || userOf(r, third) != "ada" {
		t.Error("the older session with a token must end, and the newer one must not")
	}
	wantSessions(r, "ada", 2)

	r = bearerRig(t, func(o *humasess.Options[account]) { o.MaxPerIdentity, o.RefuseOverLimit = 2, true })
	browser, device := r.signedIn(account{ID: "ada"}), bearerOf(r, account{ID: "ada"})
	var given string
	for range 2 {
		wantStatus(t, r.loginCall(r.client(), startBearer(account{ID: "ada"}, &given)), http.StatusConflict)
		wantStatus(t, r.loginCall(r.client(), start(account{ID: "ada"})), http.StatusConflict)
	}
	if _, err := r.sessions.IssueBearer(t.Context(), account{ID: "ada"}); !errors.Is(err, humasess.ErrLimit) {
		t.Errorf("IssueBearer over the limit: got %v, want ErrLimit", err)
	}
	r.wantActive(browser, true)
	wantStatus(t, r.loginCall(r.client(), startBearer(account{ID: "ada"}, &given), withToken(device)), http.StatusNoContent) // its own place
	wantStatus(t, r.loginCall(browser, startBearer(account{ID: "ada"}, &device)), http.StatusNoContent)
	wantSessions(r, "ada", 2)
	if userOf(r, given) != "ada" || userOf(r, device) != "ada" {
		t.Error("both tokens must open their sessions")
	}
}

// TestBearerAnonymous presents a session without a user, and starts one with a token.
func TestBearerAnonymous(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	guest := r.client()
	r.must(guest, func(_ context.Context, s *humasess.Session[account]) error {
		return s.Update(func(a *account) error { a.Note = "tea"; return nil })
	})
	was := guest.Clone()
	w := r.call(guest, func(_ context.Context, s *humasess.Session[account]) error {
		if _, err := s.StartBearer(account{Note: "tea"}); !errors.Is(err, humasess.ErrInvalid) {
			t.Errorf("without a user: got %v, want ErrInvalid", err)
		}
		if got := s.Carrier(); got != "cookie" {
			t.Errorf("Carrier after a refused StartBearer: got %q, want cookie", got)
		}
		return s.Update(func(a *account) error { a.N++; return nil })
	})
	wantStatus(t, w, http.StatusNoContent)
	if got, ok := r.data(was); !ok || got.N != 1 {
		t.Errorf("the guest's session: got %+v and %v, want one change", got, ok)
	}
	var given string
	wantStatus(t, r.call(guest, func(ctx context.Context, s *humasess.Session[account]) error {
		a, _ := s.Get()
		a.ID = "ada"
		return startBearer(a, &given)(ctx, s)
	}), http.StatusNoContent)
	r.wantActive(was, false)
	if userOf(r, given) != "ada" {
		t.Error("the token must open ada's session")
	}
	if token(guest) != "" {
		t.Error("the guest's cookie must expire")
	}
	// An update starts no session beside a token, because its cookie would be lost.
	wantStatus(t, r.call(r.client(), increment, withToken("hs_dead")), http.StatusConflict)

	anyone := newRig(t, humasess.Options[account]{Bearer: &humasess.BearerOptions{}}) // no identities
	token := bearerOf(anyone, account{Note: "tea"})
	wantStatus(t, anyone.requiredCall(anyone.client(), increment, withToken(token)), http.StatusNoContent)
	if n, err := anyone.sessions.Count(t.Context()); n != 1 || err != nil {
		t.Errorf("got %d sessions and error %v, want 1", n, err)
	}
}

// TestIssuedTokenIsNotStored gives out a token in an answer without a session.
func TestIssuedTokenIsNotStored(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	var token humasess.BearerToken
	w := r.call(r.client(), func(ctx context.Context, _ *humasess.Session[account]) (err error) {
		token, err = r.sessions.IssueBearer(ctx, account{ID: "ada"})
		return err
	})
	wantStatus(t, w, http.StatusNoContent)
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q, want no-store", got)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("issued", "token", token)
	if strings.Contains(log.String()+fmt.Sprintf("%v %+v %#v", token, token, token), token.AccessToken) {
		t.Error("a log has the token")
	}
}
