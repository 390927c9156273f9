package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// bearerRig is a rig whose sessions may have bearer tokens.
func bearerRig(t *testing.T, edits ...func(*humasess.Options[account])) *rig[account] {
	t.Helper()
	opts := accountOptions()
	opts.Bearer = &humasess.BearerOptions{}
	for _, edit := range edits {
		edit(&opts)
	}
	return newRig(t, opts)
}

// withToken sends a bearer token.
func withToken(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// bearerOf signs in and returns the token.
func bearerOf(r *rig[account], data account) string {
	r.t.Helper()
	var token humasess.BearerToken
	w := r.loginCall(r.client(), func(_ context.Context, s *humasess.Session[account]) (err error) {
		token, err = s.StartBearer(data)
		return err
	})
	wantStatus(r.t, w, http.StatusNoContent)
	everything.Credential(token.AccessToken)
	if got := w.Header()["Set-Cookie"]; got != nil {
		r.t.Errorf("StartBearer: got cookies %q, want none", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		r.t.Errorf("StartBearer: got Cache-Control %q, want no-store", got)
	}
	return token.AccessToken
}

func TestBearer(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	var token humasess.BearerToken
	w := r.loginCall(r.client(), func(_ context.Context, s *humasess.Session[account]) (err error) {
		token, err = s.StartBearer(account{ID: "ada"})
		if got := s.Carrier(); got != "bearer" {
			t.Errorf("Carrier: got %q, want bearer", got)
		}
		return err
	})
	wantStatus(t, w, http.StatusNoContent)
	fortnight := int((14*24*time.Hour + 14*24*time.Hour/10) / time.Second)
	if token.TokenType != "Bearer" || token.ExpiresIn != fortnight || !strings.HasPrefix(token.AccessToken, "hs_") {
		t.Errorf("got type %q, %d seconds and %.3s, want Bearer, %d and hs_", token.TokenType, token.ExpiresIn, token.AccessToken, fortnight)
	}
	for _, line := range []string{"Bearer ", "bearer ", "BEARER  "} {
		w := r.requiredCall(r.client(), func(_ context.Context, s *humasess.Session[account]) error {
			if u, ok := s.Get(); !ok || u.ID != "ada" {
				t.Errorf("Get: got %+v and %v, want ada", u, ok)
			}
			return s.Update(func(a *account) error { a.N++; return nil })
		}, func(req *http.Request) { req.Header.Set("Authorization", line+token.AccessToken) })
		wantStatus(t, w, http.StatusNoContent)
		if w.Header()["Set-Cookie"] != nil || w.Header().Get("Session-Token") != "" {
			t.Errorf("got headers %v, want neither a cookie nor a token", w.Header())
		}
	}
	infos, err := r.sessions.List(t.Context(), "ada")
	if err != nil || len(infos) != 1 || infos[0].Carrier != "bearer" || infos[0].Data.N != 3 {
		t.Errorf("List: got %+v and %v, want one session with a token and 3 changes", infos, err)
	}
	w = r.requiredCall(r.client(), func(_ context.Context, s *humasess.Session[account]) error { return s.Destroy() }, withToken(token.AccessToken))
	wantStatus(t, w, http.StatusNoContent)
	w = r.requiredCall(r.client(), nil, withToken(token.AccessToken))
	wantStatus(t, w, http.StatusUnauthorized)
	if got := w.Header()["Www-Authenticate"]; len(got) != 2 || got[0] != `Cookie realm="session"` || got[1] != `Bearer realm="session", error="invalid_token"` {
		t.Errorf("got challenges %q", got)
	}
	w = r.requiredCall(r.client(), nil)
	if got := w.Header()["Www-Authenticate"]; len(got) != 2 || got[1] != `Bearer realm="session"` {
		t.Errorf("without a token: got challenges %q", got)
	}
	if got := w.Header().Get("Vary"); got != "Cookie, Authorization" {
		t.Errorf("got Vary %q, want Cookie and Authorization", got)
	}
}

// TestBearerDecidesAlone sends the cookie of one user and the token of another.
func TestBearerDecidesAlone(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	bob, token := r.signedIn(account{ID: "bob"}), bearerOf(r, account{ID: "ada"})
	crossSite := func(req *http.Request) { req.Header.Set("Sec-Fetch-Site", "cross-site") }
	w := r.requiredCall(bob, func(_ context.Context, s *humasess.Session[account]) error {
		if u, _ := s.Get(); u.ID != "ada" {
			t.Errorf("got user %q, want ada, whose token it is", u.ID)
		}
		return s.Destroy()
	}, withToken(token), crossSite)
	wantStatus(t, w, http.StatusNoContent)
	if w.Header()["Set-Cookie"] != nil {
		t.Errorf("got cookies %q, want none", w.Header()["Set-Cookie"])
	}
	// The token is dead now, and the cookie does not take its place.
	for _, dead := range []string{token, "hs_", "hs_x", token + "x"} {
		wantStatus(t, r.requiredCall(bob, nil, withToken(dead)), http.StatusUnauthorized)
		w := r.call(bob, func(_ context.Context, s *humasess.Session[account]) error {
			if s.Active() {
				t.Errorf("a dead token: got an active session")
			}
			for name, call := range map[string]func() error{
				"Start":  func() error { return s.Start(account{ID: "eve"}) },
				"Update": func() error { return s.Update(func(a *account) error { a.N = 1; return nil }) },
			} {
				if err := call(); !errors.Is(err, humasess.ErrConflict) {
					t.Errorf("%s beside a token: got %v, want ErrConflict", name, err)
				}
			}
			return nil
		}, withToken(dead))
		wantStatus(t, w, http.StatusNoContent)
		if w.Header()["Set-Cookie"] != nil {
			t.Errorf("a dead token: got cookies %q, want none", w.Header()["Set-Cookie"])
		}
	}
	// Any other value changes nothing for the cookie.
	for _, other := range []string{"Basic YTpi", "Bearer jwt", "Bearer", "hs_" + token, "Bearer x hs_"} {
		w := r.requiredCall(bob, func(_ context.Context, s *humasess.Session[account]) error {
			if u, _ := s.Get(); u.ID != "bob" {
				t.Errorf("Authorization %q: got user %q, want bob", other, u.ID)
			}
			return nil
		}, func(req *http.Request) { req.Header.Set("Authorization", other) })
		wantStatus(t, w, http.StatusNoContent)
		wantStatus(t, r.requiredCall(bob, nil, crossSite, func(req *http.Request) { req.Header.Set("Authorization", other) }), http.StatusForbidden)
	}
	// Several lines open nothing.
	two := bearerOf(r, account{ID: "ada"})
	for _, lines := range [][]string{{"Bearer " + two, "Basic YTpi"}, {"Basic YTpi", "Bearer " + two}, {"Bearer " + two, "Bearer " + two}} {
		wantStatus(t, r.requiredCall(bob, nil, func(req *http.Request) { req.Header["Authorization"] = lines }), http.StatusUnauthorized)
	}
}

// TestBearerIsBoundToItsCarrier swaps the tokens of cookie and header.
func TestBearerIsBoundToItsCarrier(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	token := bearerOf(r, account{ID: "ada"})
	cookie := humasesstest.Login(t, r.sessions, account{ID: "ada"})
	everything.Credential(cookie.Value)
	wantStatus(t, r.requiredCall(r.client(), nil, withToken("hs_"+cookie.Value)), http.StatusUnauthorized)
	c := r.client()
	c.SetCookie(&http.Cookie{Name: cookie.Name, Value: strings.TrimPrefix(token, "hs_")})
	wantStatus(t, r.requiredCall(c, nil), http.StatusUnauthorized)
	foreign := slices.DeleteFunc(r.events.take(), func(e events.Event) bool { return e.Kind != events.Rejected || e.Reason != events.ReasonForeign })
	if len(foreign) != 2 {
		t.Errorf("got %d events about tokens of the other carrier, want 2", len(foreign))
	}
	if infos, err := r.sessions.List(t.Context(), "ada"); err != nil || len(infos) != 2 {
		t.Errorf("got %d sessions and %v, want both", len(infos), err)
	}
}

func TestRenewBearer(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	first := bearerOf(r, account{ID: "ada"})
	var second humasess.BearerToken
	w := r.requiredCall(r.client(), func(_ context.Context, s *humasess.Session[account]) (err error) {
		if second, err = s.RenewBearer(); err != nil {
			return err
		}
		return huma.NewError(http.StatusTeapot, "a renewal stands with any response")
	}, withToken(first))
	wantStatus(t, w, http.StatusTeapot)
	if second.AccessToken == "" || second.AccessToken == first || w.Header().Get("Session-Token") != "" {
		t.Fatalf("got token %.6q and header %q, want a new one that no header has", second.AccessToken, w.Header().Get("Session-Token"))
	}
	// The answer is lost: the old token works, and cannot renew within the grace.
	w = r.requiredCall(r.client(), func(_ context.Context, s *humasess.Session[account]) error {
		_, err := s.RenewBearer()
		return err
	}, withToken(first))
	wantStatus(t, w, http.StatusConflict)
	if got := w.Header().Get("Retry-After"); got != "10" {
		t.Errorf("got Retry-After %q, want the grace", got)
	}
	r.clock.Advance(11 * time.Second)
	var third humasess.BearerToken
	w = r.requiredCall(r.client(), func(_ context.Context, s *humasess.Session[account]) (err error) {
		third, err = s.RenewBearer()
		return err
	}, withToken(first))
	wantStatus(t, w, http.StatusNoContent)
	wantStatus(t, r.requiredCall(r.client(), func(context.Context, *humasess.Session[account]) error { return nil }, withToken(third.AccessToken)), http.StatusNoContent)
	r.clock.Advance(11 * time.Second)
	wantStatus(t, r.requiredCall(r.client(), nil, withToken(first)), http.StatusUnauthorized)
}

// TestSessionToken checks the header of a new token that the program did not ask for.
func TestSessionToken(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	for name, change := range map[string]handler[account]{
		"Reauthenticated": func(_ context.Context, s *humasess.Session[account]) error { return s.Reauthenticated("pwd") },
		"Renew":           func(_ context.Context, s *humasess.Session[account]) error { return s.Renew() },
		"RevokeOthers": func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		},
		"identity": func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "eve"; return nil })
		},
	} {
		token := bearerOf(r, account{ID: "ada"})
		w := r.requiredCall(r.client(), change, withToken(token))
		wantStatus(t, w, http.StatusNoContent)
		next := w.Header().Get("Session-Token")
		everything.Credential(next)
		if next == "" || next == token || w.Header()["Set-Cookie"] != nil || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got headers %v, want a new Session-Token that no cache stores, and no cookie", name, w.Header())
		}
		wantStatus(t, r.requiredCall(r.client(), func(context.Context, *humasess.Session[account]) error { return nil }, withToken(next)), http.StatusNoContent)
	}
	// A renewal in the same handler returns it instead.
	var renewed humasess.BearerToken
	w := r.requiredCall(r.client(), func(_ context.Context, s *humasess.Session[account]) (err error) {
		if err := s.Reauthenticated("pwd"); err != nil {
			return err
		}
		renewed, err = s.RenewBearer()
		return err
	}, withToken(bearerOf(r, account{ID: "ada"})))
	wantStatus(t, w, http.StatusNoContent)
	if renewed.AccessToken == "" || w.Header().Get("Session-Token") != "" {
		t.Errorf("got header %q beside a renewal, want none", w.Header().Get("Session-Token"))
	}
}

// TestStartBearerReplacesTheCookie signs in from a browser's session.
func TestStartBearerReplacesTheCookie(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	for _, status := range []int{http.StatusNoContent, http.StatusTeapot} {
		browser := r.signedIn(account{ID: "ada"})
		var token humasess.BearerToken
		w := r.loginCall(browser.Clone(), func(_ context.Context, s *humasess.Session[account]) (err error) {
			if token, err = s.StartBearer(account{ID: "ada"}); err != nil {
				return err
			}
			if err := s.Start(account{ID: "ada"}); !errors.Is(err, humasess.ErrConflict) {
				t.Errorf("Start after StartBearer: got %v, want ErrConflict", err)
			}
			if status >= 400 {
				return huma.NewError(status, "")
			}
			return nil
		})
		wantStatus(t, w, status)
		expired := strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0")
		cookie := r.requiredCall(browser, func(context.Context, *humasess.Session[account]) error { return nil })
		bearer := r.requiredCall(r.client(), func(context.Context, *humasess.Session[account]) error { return nil }, withToken(token.AccessToken))
		if status < 400 {
			wantStatus(t, cookie, http.StatusUnauthorized)
			wantStatus(t, bearer, http.StatusNoContent)
		} else {
			wantStatus(t, cookie, http.StatusNoContent)
			wantStatus(t, bearer, http.StatusUnauthorized)
		}
		if expired != (status < 400) {
			t.Errorf("status %d: got Set-Cookie %q", status, w.Header().Get("Set-Cookie"))
		}
	}
}

// TestIssueBearer gives a device a token, and ends nothing.
func TestIssueBearer(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	browser := r.signedIn(account{ID: "ada"})
	var token humasess.BearerToken
	w := r.requiredCall(browser, func(ctx context.Context, s *humasess.Session[account]) (err error) {
		u, _ := s.Get()
		token, err = r.sessions.IssueBearer(ctx, u)
		return err
	})
	wantStatus(t, w, http.StatusNoContent)
	for _, w := range []int{
		r.requiredCall(browser, func(context.Context, *humasess.Session[account]) error { return nil }).Code,
		r.requiredCall(r.client(), func(context.Context, *humasess.Session[account]) error { return nil }, withToken(token.AccessToken)).Code,
	} {
		if w != http.StatusNoContent {
			t.Errorf("got %d, want 204", w)
		}
	}
	if _, err := r.sessions.IssueBearer(t.Context(), account{}); !errors.Is(err, humasess.ErrInvalid) {
		t.Errorf("without identity: got %v, want ErrInvalid", err)
	}
}

// TestBearerUnsupported tries what a session with a token cannot do, and the reverse.
func TestBearerUnsupported(t *testing.T) {
	t.Parallel()
	r := bearerRig(t, func(o *humasess.Options[account]) { o.CSRFHeader = csrfHeader })
	w := r.requiredCall(r.client(), func(_ context.Context, s *humasess.Session[account]) error {
		if err := s.Remember(true); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Remember: got %v, want ErrUnsupported", err)
		}
		if _, err := s.CSRFToken(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("CSRFToken: got %v, want ErrUnsupported", err)
		}
		return nil
	}, withToken(bearerOf(r, account{ID: "ada"})))
	wantStatus(t, w, http.StatusNoContent)
	wantStatus(t, r.call(r.client(), func(_ context.Context, s *humasess.Session[account]) error {
		if _, err := s.RenewBearer(); !errors.Is(err, humasess.ErrNoSession) {
			t.Errorf("RenewBearer without a session: got %v, want ErrNoSession", err)
		}
		if err := s.Start(account{ID: "ada"}); err != nil {
			return err
		}
		if _, err := s.RenewBearer(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("RenewBearer of a cookie: got %v, want ErrUnsupported", err)
		}
		return nil
	}), http.StatusNoContent)
	plain := newRig(t, accountOptions())
	plain.must(plain.client(), func(_ context.Context, s *humasess.Session[account]) error {
		if _, err := s.StartBearer(account{ID: "ada"}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("without Options.Bearer: got %v, want ErrUnsupported", err)
		}
		return nil
	})
}

// TestBearerOptions gives New options that could not work.
func TestBearerOptions(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]humasess.BearerOptions{
		"prefix":   {Prefix: "x"},
		"sign":     {Prefix: "hs-"},
		"key":      {SchemeName: "a b"},
		"cookie":   {SchemeName: "sessionCookie"},
		"idle":     {IdleTimeout: time.Millisecond},
		"absolute": {IdleTimeout: time.Hour, AbsoluteTimeout: time.Minute},
	} {
		opts := accountOptions()
		opts.Bearer = &b
		if _, err := humasess.New(humasesstest.Wrap(memory.New(nil)), &opts); err == nil || !strings.Contains(err.Error(), "Bearer: ") {
			t.Errorf("%s: got %v, want an error about Bearer", name, err)
		}
	}
	for level, want := range map[int][2]time.Duration{0: {14 * 24 * time.Hour, 90 * 24 * time.Hour}, 2: {54 * time.Minute, 24 * time.Hour}} {
		r := bearerRig(t, func(o *humasess.Options[account]) { o.AssuranceLevel = level })
		token := bearerOf(r, account{ID: "ada"})
		wantStatus(t, r.requiredCall(r.client(), func(_ context.Context, s *humasess.Session[account]) error {
			idle, absolute := s.ExpiresAt().Sub(r.clock.Now())*10/11, s.Deadline().Sub(r.clock.Now())
			if idle.Round(time.Second) != want[0] || absolute.Round(time.Second) != want[1] {
				t.Errorf("level %d: got %v and %v, want %v", level, idle, absolute, want)
			}
			return nil
		}, withToken(token)), http.StatusNoContent)
	}
}

// TestStartBesideATokenSaysSo checks the answer that a client with a token gets from an
// operation that sets a cookie.
func TestStartBesideATokenSaysSo(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	for name, change := range map[string]handler[account]{
		"Start": func(_ context.Context, s *humasess.Session[account]) error { return s.Start(account{ID: "ada"}) },
		"Update": func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(*account) error { return nil })
		},
	} {
		w := r.loginCall(r.client(), change, withToken("hs_dead"))
		wantStatus(t, w, http.StatusConflict)
		if got := w.Body.String(); !strings.Contains(got, "urn:humasess:problem:conflict") || !strings.Contains(got, "this sign-in is for a cookie") {
			t.Errorf("%s: got %s, want the reason", name, got)
		}
	}
}
