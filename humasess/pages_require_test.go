package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// pageSite serves every path by one handler behind Pages.
type pageSite struct {
	*rig[account]
	handler http.Handler
	served  int   // requests that the handler got
	failed  error // that Error got last
	do      func(w http.ResponseWriter, r *http.Request, s *humasess.Session[account])
}

func newPageSite(t *testing.T, opts *humasess.PageOptions, edits ...func(*humasess.Options[account])) *pageSite {
	t.Helper()
	all := accountOptions()
	for _, edit := range edits {
		edit(&all)
	}
	s := &pageSite{rig: newRig(t, all)}
	if opts != nil && opts.Error == nil {
		opts.Error = func(w http.ResponseWriter, _ *http.Request, status int, err error) {
			s.failed = err
			_, _ = fmt.Fprintf(w, "our page of %d", status)
		}
	}
	s.handler = s.sessions.Pages(opts)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.served++
		session, ok := humasess.From[account](r.Context())
		if !ok {
			t.Error("no session in the context")
			return
		}
		if s.do != nil {
			s.do(w, r, session)
		}
	}))
	return s
}

// ask sends a request with a session of a user, or without one for "".
func (s *pageSite) ask(user, method, target string, header http.Header) *httptest.ResponseRecorder {
	s.t.Helper()
	s.served, s.failed = 0, nil
	r := httptest.NewRequest(method, target, http.NoBody)
	maps.Copy(r.Header, header)
	if user != "" {
		r.AddCookie(humasesstest.Login(s.t, s.sessions, account{ID: user, Roles: []string{user}}))
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

var (
	navigation = http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Site": {"same-origin"}}
	oldBrowser = http.Header{"Accept": {"text/html,*/*;q=0.8"}}
	script     = http.Header{"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Site": {"same-origin"}, "Accept": {"text/html"}}
)

func htmx(current string, more ...string) http.Header {
	h := http.Header{"Hx-Request": {"true"}, "Hx-Current-Url": {current}, "Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Site": {"same-origin"}}
	for _, name := range more {
		h[name] = []string{"true"}
	}
	return h
}

func TestPagesWithoutSession(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: "/login?lang=en"})
	to := func(returnTo string) string {
		if returnTo == "" {
			return "/login?lang=en"
		}
		return "/login?lang=en&return_to=" + returnTo
	}
	for _, tt := range []struct {
		name     string
		method   string
		target   string
		header   http.Header
		status   int
		location string // Location or HX-Redirect
	}{
		{"a page", "GET", "/account?tab=2&q=a%26b", navigation, 303, to("%2Faccount%3Ftab%3D2%26q%3Da%2526b")},
		{"a page, HEAD", "HEAD", "/account", navigation, 303, to("%2Faccount")},
		{"a page in an old browser", "GET", "/account", oldBrowser, 303, to("%2Faccount")},
		{"a script", "GET", "/account", script, 401, ""},
		{"a program", "GET", "/account", nil, 401, ""},
		{"a form", "POST", "/account", navigation, 401, ""},
		{"another host in the path", "GET", "//evil.example/x", navigation, 303, to("")},
		{"the sign-in page in another spelling", "GET", "/%6Cogin", navigation, 303, to("%2F%256Cogin")},
		{"a page below the sign-in page", "GET", "/login/", navigation, 303, to("%2Flogin%2F")},
		{"htmx", "GET", "/part", htmx("https://app.example/account?tab=2"), 401, to("%2Faccount%3Ftab%3D2")},
		{"htmx, a form", "POST", "/part", htmx("https://app.example/account"), 401, to("%2Faccount")},
		{"htmx, the whole page", "GET", "/next", htmx("https://app.example/account", "Hx-Boosted"), 401, to("%2Fnext")},
		{"htmx, a hostile page", "GET", "/part", htmx("https://app.example//evil.example"), 401, to("")},
		{"htmx, no page", "GET", "/part", htmx("%zz"), 401, to("")},
		{"htmx on the sign-in page", "GET", "/part", htmx("https://app.example/login?x=1"), 401, to("")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.in(t)
			w := s.ask("", tt.method, tt.target, tt.header)
			wantStatus(t, w, tt.status)
			field := "Location"
			if tt.header.Get("Hx-Request") != "" {
				field = "Hx-Redirect"
			}
			if got := w.Header().Get(field); got != tt.location {
				t.Errorf("%s: got %q, want %q", field, got, tt.location)
			}
			if tt.location != "" && w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("got %v, want no-store", w.Header())
			}
			if tt.status == 401 {
				wantText(t, "body", w.Body.String(), "our page of 401")
				if !errors.Is(s.failed, humasess.ErrNoSession) || w.Header().Get("WWW-Authenticate") == "" {
					t.Errorf("got %v and %v, want ErrNoSession and a challenge", s.failed, w.Header())
				}
			}
			if s.served != 0 {
				t.Error("the handler was called")
			}
		})
	}
	t.Run("the sign-in page needs no session", func(t *testing.T) {
		s.in(t)
		for _, method := range []string{"GET", "POST"} {
			if w := s.ask("", method, "/login?return_to=%2Fa", navigation); w.Code != 200 || s.served != 1 {
				t.Errorf("got %d, want the page", w.Code)
			}
		}
	})
	t.Run("with a session", func(t *testing.T) {
		s.in(t)
		if w := s.ask("ada", "GET", "/account", navigation); w.Code != 200 || s.served != 1 {
			t.Errorf("got %d, want the page", w.Code)
		}
	})
	t.Run("an anonymous session does not suffice", func(t *testing.T) {
		s.in(t)
		c := s.client()
		s.must(c, increment)
		r := httptest.NewRequest(http.MethodGet, "/account", http.NoBody)
		r.Header = navigation.Clone()
		r.AddCookie(&http.Cookie{Name: cookieName, Value: token(c)})
		got := httptest.NewRecorder()
		s.handler.ServeHTTP(got, r)
		wantStatus(t, got, 303)
	})
	t.Run("below another path", func(t *testing.T) {
		s.in(t)
		r := httptest.NewRequest(http.MethodGet, "/app/account", http.NoBody)
		r.Header = navigation.Clone()
		w := httptest.NewRecorder()
		http.StripPrefix("/app", s.handler).ServeHTTP(w, r)
		wantHeader(t, w, "Location", to("%2Fapp%2Faccount"))
	})
}

func TestPagesNeedNothing(t *testing.T) {
	s := newPageSite(t, nil)
	if w := s.ask("", "GET", "/", navigation); w.Code != 200 || s.served != 1 {
		t.Errorf("got %d, want the page", w.Code)
	}
	w := s.ask("", "POST", "/", http.Header{"Sec-Fetch-Site": {"cross-site"}})
	wantStatus(t, w, 403)
	if problemOf(t, w).Type != "urn:humasess:problem:cross-origin" {
		t.Errorf("got %s, want a problem", w.Body)
	}
}

func TestPagesRoles(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Roles: []string{"admin"}, LoginURL: "/login"})
	wantStatus(t, s.ask("admin", "GET", "/", navigation), 200)
	w := s.ask("ada", "GET", "/", navigation)
	wantStatus(t, w, 403)
	wantText(t, "body", w.Body.String(), "our page of 403")
	var model huma.StatusError
	if !errors.As(s.failed, &model) || model.GetStatus() != 403 || errors.Is(s.failed, humasess.ErrNoSession) || s.served != 0 {
		t.Errorf("got %v and %d calls, want an error of 403", s.failed, s.served)
	}
	wantStatus(t, s.ask("", "GET", "/", navigation), 303)
}

func TestPagesCrossSite(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{AllowCrossSite: []string{"POST /callback"}}, func(o *humasess.Options[account]) {
		o.Cookie.SameSite = http.SameSiteNoneMode
	})
	foreign := http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Origin": {"https://idp.example"}}
	s.do = func(_ http.ResponseWriter, _ *http.Request, session *humasess.Session[account]) {
		if !session.Active() {
			t.Error("got no session, want that of the cookie")
		}
	}
	wantStatus(t, s.ask("ada", "POST", "/callback", foreign), 200)
	s.do = nil
	for _, refused := range []string{"POST /", "POST /callback/", "POST /%63allback", "POST /callback/x", "POST /Callback", "PUT /callback", "POST /x/../callback"} {
		t.Run("F4 "+refused, func(t *testing.T) {
			s.in(t)
			method, target, _ := strings.Cut(refused, " ")
			w := s.ask("ada", method, target, foreign)
			if w.Code != 403 || s.served != 0 || !strings.Contains(w.Body.String(), "our page of 403") {
				t.Errorf("got %d %s, want 403", w.Code, w.Body)
			}
			var model huma.StatusError
			if !errors.As(s.failed, &model) || model.GetStatus() != 403 || !strings.Contains(s.failed.Error(), "cross-origin") {
				t.Errorf("got %v, want a status and the reason", s.failed)
			}
		})
	}
}

// TestPagesStoreDown has pages of the program's own while the store is down.
func TestPagesStoreDown(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: "/login"})
	down := errors.New("connection refused")
	want := func(w *httptest.ResponseRecorder) {
		t.Helper()
		wantStatus(t, w, 503)
		if w.Body.String() != "our page of 503" || w.Header().Get("Retry-After") == "" || len(w.Header()["Set-Cookie"]) != 0 {
			t.Errorf("got %q %v, want the page with Retry-After", w.Body, w.Header())
		}
		if !errors.Is(s.failed, humasess.ErrUnavailable) || !errors.Is(s.failed, down) {
			t.Errorf("got %v, want ErrUnavailable and its cause", s.failed)
		}
	}
	s.store.Before(humasesstest.OpLoad, func(context.Context) error { return down })
	want(s.ask("ada", "GET", "/", navigation))
	s.store.Before(humasesstest.OpLoad, nil)
	s.store.Before(humasesstest.OpUpdate, func(context.Context) error { return down })
	s.do = func(w http.ResponseWriter, _ *http.Request, session *humasess.Session[account]) {
		w.Header().Set("Content-Type", "text/plain")
		if err := increment(t.Context(), session); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "changed")
	}
	want(s.ask("ada", "POST", "/", navigation))
}

func TestPagesErrorWritesItsOwnStatus(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, Error: func(w http.ResponseWriter, r *http.Request, _ int, _ error) {
		if _, ok := humasess.From[account](r.Context()); ok {
			t.Error("got a session, which nothing would write")
		}
		w.WriteHeader(http.StatusNotFound)
	}})
	wantStatus(t, s.ask("", "GET", "/", navigation), 404)
	silent := newPageSite(t, &humasess.PageOptions{Require: true, Error: func(http.ResponseWriter, *http.Request, int, error) {}})
	wantStatus(t, silent.ask("", "GET", "/", navigation), 401)
}

// TestPagesBearer has a client with a token among browsers.
func TestPagesBearer(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: "/login"}, func(o *humasess.Options[account]) {
		o.Bearer = &humasess.BearerOptions{}
	})
	issued, err := s.sessions.IssueBearer(t.Context(), account{ID: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, s.ask("", "GET", "/", http.Header{"Authorization": {"Bearer " + issued.AccessToken}}), 200)
	wantStatus(t, s.ask("ada", "GET", "/", http.Header{"Authorization": {"Bearer hs_dead"}}), 401)
}

// TestPagesRoute has the method and the route in events and logs.
func TestPagesRoute(t *testing.T) {
	const route = "POST /users/{id}"
	act := func(_ http.ResponseWriter, _ *http.Request, session *humasess.Session[account]) {
		_ = session.Start(account{ID: "ada"})
	}
	plain := newPageSite(t, &humasess.PageOptions{})
	plain.do = act
	named := newPageSite(t, &humasess.PageOptions{Route: func(*http.Request) string { return "/users/{id}" }})
	named.do = act
	around := newPageSite(t, nil)
	mux := func(h http.Handler) http.Handler {
		m := http.NewServeMux()
		m.Handle(route, h)
		return m
	}
	outer := around.sessions.Pages(nil)(mux(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, _ := humasess.From[account](r.Context())
		act(w, r, session)
	})))
	for _, tt := range []struct {
		name    string
		site    *pageSite
		handler http.Handler
		refused string // the operation of a refused request
	}{
		{"inside the router", plain, mux(plain.handler), route},
		{"by Route", named, named.handler, route},
		{"around the router", around, outer, "POST"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			operation := func(kind events.Kind, header http.Header) string {
				tt.site.events.take()
				r := httptest.NewRequest(http.MethodPost, "/users/7", http.NoBody)
				r.Header = header
				tt.handler.ServeHTTP(httptest.NewRecorder(), r)
				for _, e := range tt.site.events.take() {
					if e.Kind == kind {
						return e.Operation
					}
				}
				return "no event"
			}
			if got := operation(events.Created, http.Header{}); got != route {
				t.Errorf("got %q, want %q", got, route)
			}
			if got := operation(events.Refused, http.Header{"Sec-Fetch-Site": {"cross-site"}}); got != tt.refused {
				t.Errorf("refused: got %q, want %q", got, tt.refused)
			}
		})
	}
}

func TestPagesReturnTo(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{LoginURL: "/login"})
	for target, want := range map[string]string{
		"/login?return_to=/account":    "/account",
		"/login?return_to=/login":      "/",
		"/login?return_to=/login?x=1":  "/",
		"/login?return_to=/login%23x":  "/",
		"/submit?return_to=/login":     "/", // the form of the sign-in page is posted elsewhere
		"/submit?return_to=/account":   "/account",
		"/submit?return_to=/submit":    "/",
		"/submit?return_to=/logins":    "/logins",
		"/submit?return_to=//evil.com": "/",
	} {
		var got string
		s.do = func(_ http.ResponseWriter, r *http.Request, _ *humasess.Session[account]) { got = humasess.ReturnTo(r) }
		wantStatus(t, s.ask("", "POST", target, navigation), 200)
		if got != want {
			t.Errorf("%s: got %q, want %q", target, got, want)
		}
	}
}

func TestPagesPanics(t *testing.T) {
	withRoles, without := newRig(t, accountOptions()), newRig(t, humasess.Options[account]{})
	for _, tt := range []struct {
		name string
		r    *rig[account]
		opts humasess.PageOptions
		want string
	}{
		{"another host", withRoles, humasess.PageOptions{LoginURL: "https://evil.example/login"}, "LoginURL"},
		{"two slashes", withRoles, humasess.PageOptions{LoginURL: "//evil.example"}, "LoginURL"},
		{"a fragment", withRoles, humasess.PageOptions{LoginURL: "/login#form"}, "LoginURL"},
		{"no method", withRoles, humasess.PageOptions{AllowCrossSite: []string{"/callback"}}, "AllowCrossSite"},
		{"a pattern", withRoles, humasess.PageOptions{AllowCrossSite: []string{"POST /callback/{provider}"}}, "AllowCrossSite"},
		{"a method in small letters", withRoles, humasess.PageOptions{AllowCrossSite: []string{"post /callback"}}, "AllowCrossSite"},
		{"roles of users that have none", without, humasess.PageOptions{Roles: []string{"admin"}}, "Options.Roles"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "humasess: Pages called with ") || !strings.Contains(text, tt.want) {
					t.Errorf("got %q, want a panic about %s", text, tt.want)
				}
			}()
			tt.r.sessions.Pages(&tt.opts)
		})
	}
}

// TestPagesWithin has a route with requirements of its own behind Pages for all routes.
func TestPagesWithin(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: "/login"})
	s.handler = s.sessions.Pages(nil)(s.handler)
	w := s.ask("", "GET", "/account", navigation)
	wantStatus(t, w, 303)
	wantHeader(t, w, "Location", "/login?return_to=%2Faccount")
	wantStatus(t, s.ask("", "POST", "/account", navigation), 401)
	s.do = func(_ http.ResponseWriter, _ *http.Request, session *humasess.Session[account]) {
		if err := increment(t.Context(), session); err != nil {
			t.Error(err)
		}
	}
	c := s.signedIn(account{ID: "ada"})
	s.store.Reset()
	r := httptest.NewRequest(http.MethodPost, "/account", http.NoBody)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: token(c)})
	got := httptest.NewRecorder()
	s.handler.ServeHTTP(got, r)
	wantStatus(t, got, 200)
	s.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1, humasesstest.OpUpdate: 1})
	if data, _ := s.data(c); data.N != 1 {
		t.Errorf("got %+v, want the change", data)
	}
}
