package humasess_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// TestPagesLoginIsReached follows the redirect to the sign-in page, which must not lead to
// another redirect.
func TestPagesLoginIsReached(t *testing.T) {
	for _, tt := range []struct{ login, prefix string }{
		{"/login", ""},
		{"/login?lang=en", ""},
		{"/login/", ""},
		{"/sign in", ""},
		{"/anmelden/für?x=ä", ""},
		{"/%6Cogin", ""},
		{"/a%3Bb;c", ""},
		{"/app/login", "/app"},
		{"/app/login?lang=en", "/app"},
		{"/app/", "/app"},
		{"/app", "/app"},
	} {
		t.Run("F4 "+tt.login+" below "+tt.prefix, func(t *testing.T) {
			s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: tt.login})
			server := httptest.NewServer(http.StripPrefix(tt.prefix, s.handler))
			defer server.Close()
			s.do = func(w http.ResponseWriter, r *http.Request, _ *humasess.Session[account]) {
				_, _ = io.WriteString(w, humasess.ReturnTo(r))
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+tt.prefix+"/account", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = navigation.Clone()
			w, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Body.Close()
			body, err := io.ReadAll(w.Body)
			if w.StatusCode != http.StatusOK || string(body) != tt.prefix+"/account" || err != nil {
				t.Errorf("got %d %q, %v, want the sign-in page", w.StatusCode, body, err)
			}
		})
	}
}

// TestPagesOpensOnlyTheSignInPage has the path of LoginURL only inside the site, because
// middleware has changed it.
func TestPagesOpensOnlyTheSignInPage(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: "/login"})
	rewritten := func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = r.Header.Get("X-Original-Url")
		s.handler.ServeHTTP(w, r)
	}
	for _, tt := range []struct {
		name    string
		handler http.Handler
		target  string
	}{
		{"F4 below a prefix", http.StripPrefix("/files", s.handler), "/files/login"},
		{"F4 rewritten", http.HandlerFunc(rewritten), "/login"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.in(t)
			s.served = 0
			r := httptest.NewRequest(http.MethodGet, tt.target, http.NoBody)
			r.Header = navigation.Clone()
			r.Header.Set("X-Original-Url", "/secret")
			w := httptest.NewRecorder()
			tt.handler.ServeHTTP(w, r)
			if s.served != 0 {
				t.Errorf("got %d, want no page without a session", w.Code)
			}
		})
	}
}

// TestPagesSpellings sends request lines to a site whose mux may read a path in another
// way than the exemptions.
func TestPagesSpellings(t *testing.T) {
	r := newRig(t, accountOptions())
	mux := http.NewServeMux()
	for _, pattern := range []string{"/login", "POST /callback", "/", "/secret/", "POST /transfer", "/login/secret", "/callback/secret"} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Served", pattern) })
	}
	pages := r.sessions.Pages(&humasess.PageOptions{Require: true, LoginURL: "/login", AllowCrossSite: []string{"POST /callback"}})
	server := httptest.NewServer(pages(mux))
	defer server.Close()
	cookie := humasesstest.Login(t, r.sessions, account{ID: "ada"})
	for _, method := range []string{"GET", "HEAD", "POST", "post", "get", "OPTIONS", "CONNECT", "PUT", "TRACE"} {
		for _, target := range []string{
			"/login", "/callback", "//login", "//callback", "/login/", "/callback/", "/./login", "/./callback", "/secret/../login", "/login/../secret/",
			"/callback/../transfer", "/callback/..%2ftransfer", "/login%2f..%2fsecret/", "/login%2F", "/%6cogin", "/c%61llback", "/login%00", "/login;x",
			"/login?/secret", "/login%3F", "/LOGIN", "http://evil.example/login", "http://evil.example/callback", "http://evil.example//login",
			"*", "evil.example:80", "/login/secret", "/callback/secret", "/login/.", "/login%20", "/login\\", "/login#/secret", "http:/login", "http:login",
		} {
			served := func(header string) string {
				t.Helper()
				w := sendLine(t, server.Listener.Addr().String(), method+" "+target+" HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n"+header+"\r\n")
				return w.Header.Get("Served")
			}
			if got := served("Sec-Fetch-Mode: navigate\r\n"); got != "" && got != "/login" && got != "POST /callback" {
				t.Errorf("%s %s: got %q without a session", method, target, got)
			}
			got := served("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nCookie: " + cookie.Name + "=" + cookie.Value + "\r\n")
			safe := method == "GET" || method == "HEAD" || method == "OPTIONS"
			if got != "" && !safe && got != "POST /callback" {
				t.Errorf("%s %s: got %q for a page of another origin", method, target, got)
			}
		}
	}
}

// sendLine sends a request as it is.
func sendLine(t *testing.T, addr, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	w, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer w.Body.Close()
	return w
}

// TestPagesErrorKeepsTheStatus has pages of errors that begin in unusual ways.
func TestPagesErrorKeepsTheStatus(t *testing.T) {
	for name, write := range map[string]func(http.ResponseWriter){
		"early hints": func(w http.ResponseWriter) {
			w.Header().Set("Link", "</style.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "refused")
		},
		"early hints alone": func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) },
		"a flush": func(w http.ResponseWriter) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, "refused")
		},
		"a copy": func(w http.ResponseWriter) { _, _ = io.Copy(w, strings.NewReader("refused")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newPageSite(t, &humasess.PageOptions{
				Require: true, Error: func(w http.ResponseWriter, _ *http.Request, _ int, _ error) { write(w) },
			})
			server := httptest.NewServer(s.handler)
			defer server.Close()
			w, err := server.Client().Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Body.Close()
			if w.StatusCode != http.StatusUnauthorized {
				t.Errorf("got %d, want 401", w.StatusCode)
			}
		})
	}
}

// TestPagesErrorPanics has a page that fails. The next request is served.
func TestPagesErrorPanics(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, Error: func(http.ResponseWriter, *http.Request, int, error) { panic("no template") }})
	for _, header := range []http.Header{nil, {"Sec-Fetch-Site": {"cross-site"}}} {
		func() {
			defer func() {
				if p := recover(); p != "no template" {
					t.Errorf("got %v, want the panic of the program", p)
				}
			}()
			s.ask("", "POST", "/", header)
		}()
	}
	wantStatus(t, s.ask("ada", "POST", "/", nil), http.StatusOK)
}

// TestPagesRedirectIsNotStored has middleware that lets caches store all pages.
func TestPagesRedirectIsNotStored(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: "/login"})
	inner := s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, field := range []string{"Cache-Control", "CDN-Cache-Control", "Surrogate-Control"} {
			w.Header().Set(field, "public, max-age=600")
		}
		inner.ServeHTTP(w, r)
	})
	for _, header := range []http.Header{navigation, htmx("https://app.example/account")} {
		w := s.ask("", "GET", "/account", header)
		wantHeader(t, w, "Cache-Control", "no-store")
		wantHeader(t, w, "CDN-Cache-Control")
		wantHeader(t, w, "Surrogate-Control")
	}
}

// TestPagesOfTwoManagers has a site with two kinds of sessions.
func TestPagesOfTwoManagers(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: "/login"})
	opts := accountOptions()
	opts.Cookie.Name, opts.SchemeName = "admin", "adminCookie"
	admin := newRig(t, opts)
	s.handler = admin.sessions.Pages(&humasess.PageOptions{Require: true, LoginURL: "/admin/login"})(s.handler)
	ask := func(cookies ...*http.Cookie) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/admin/users", http.NoBody)
		r.Header = navigation.Clone()
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w
	}
	user, operator := humasesstest.Login(t, s.sessions, account{ID: "ada"}), humasesstest.Login(t, admin.sessions, account{ID: "root"})
	wantHeader(t, ask(), "Location", "/admin/login?return_to=%2Fadmin%2Fusers")
	wantHeader(t, ask(user), "Location", "/admin/login?return_to=%2Fadmin%2Fusers")
	wantHeader(t, ask(operator), "Location", "/login?return_to=%2Fadmin%2Fusers")
	wantStatus(t, ask(user, operator), http.StatusOK)
}

// TestPagesTimeoutHandler has a page that takes too long. Its session is not changed.
func TestPagesTimeoutHandler(t *testing.T) {
	for _, outside := range []bool{true, false} {
		t.Run(fmt.Sprintf("outside %v", outside), func(t *testing.T) {
			r := newRig(t, accountOptions())
			over, failed := make(chan struct{}), make(chan error, 1)
			var h http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
				session, _ := humasess.From[account](req.Context())
				<-over
				failed <- session.Start(account{ID: "ada"})
			})
			pages := r.sessions.Pages(nil)
			if outside {
				h = http.TimeoutHandler(pages(h), time.Nanosecond, "late")
			} else {
				h = pages(http.TimeoutHandler(h, time.Nanosecond, "late"))
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody))
			close(over)
			err := <-failed
			wantStatus(t, w, http.StatusServiceUnavailable)
			wantCookies(t, w, 0)
			if !outside && !errors.Is(err, humasess.ErrCommitted) {
				t.Errorf("got %v, want ErrCommitted", err)
			}
		})
	}
}

// TestPagesRevokedMeanwhile has a page whose session ends before it is written.
func TestPagesRevokedMeanwhile(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: "/login"})
	s.do = func(w http.ResponseWriter, _ *http.Request, session *humasess.Session[account]) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "6")
		w.Header().Set("Set-Cookie", "theme=dark")
		if err := increment(context.Background(), session); err != nil {
			t.Error(err)
		}
		s.revokeIdentity("ada")
		_, _ = io.WriteString(w, "secret")
	}
	w := s.ask("ada", "GET", "/account", navigation)
	wantStatus(t, w, http.StatusSeeOther)
	wantHeader(t, w, "Location", "/login?return_to=%2Faccount")
	wantHeader(t, w, "Content-Length")
	if strings.Contains(w.Body.String(), "secret") || len(w.Header()["Set-Cookie"]) != 0 {
		t.Errorf("got %v %s, want nothing of the handler", w.Header(), w.Body)
	}
	wantStatus(t, s.ask("ada", "POST", "/account", navigation), http.StatusUnauthorized)
	wantText(t, "body", s.ask("ada", "POST", "/account", navigation).Body.String(), "our page of 401")
}

// TestPagesSignIn signs a user in through the form of the sign-in page, with a browser's
// cookies.
func TestPagesSignIn(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{Require: true, LoginURL: "/login"})
	s.do = func(w http.ResponseWriter, r *http.Request, session *humasess.Session[account]) {
		if r.Method == http.MethodPost {
			if err := session.Start(account{ID: "ada"}); err != nil {
				t.Error(err)
			}
			http.Redirect(w, r, humasess.ReturnTo(r), http.StatusSeeOther)
			return
		}
		_, _ = io.WriteString(w, r.URL.RequestURI())
	}
	server := httptest.NewTLSServer(s.handler)
	defer server.Close()
	client := server.Client()
	var err error
	if client.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/login?return_to=%2Faccount%3Ftab%3D2", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if string(body) != "/account?tab=2" || w.StatusCode != http.StatusOK || err != nil {
		t.Errorf("got %d %q, %v, want the page that was asked for", w.StatusCode, body, err)
	}
}

func TestPagesPanicsForPathsThatNeverMatch(t *testing.T) {
	r := newRig(t, accountOptions())
	for _, route := range []string{"POST /rückruf", "POST /call back", "POST /call|back", "POST "} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, "AllowCrossSite") {
					t.Errorf("%s: got %q, want a panic", route, text)
				}
			}()
			r.sessions.Pages(&humasess.PageOptions{AllowCrossSite: []string{route}})
		}()
	}
	r.sessions.Pages(&humasess.PageOptions{AllowCrossSite: []string{"POST /r%C3%BCckruf", "POST /r%c3%bcckruf", "POST /a%2Fb", "PUT /"}})
}
