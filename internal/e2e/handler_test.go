package e2e_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// plainRouter is what [humasess.Manager.Handler] needs no huma for.
type plainRouter interface {
	http.Handler
	Handle(pattern string, h http.Handler)
}

// site is an API, pages, an OAuth callback and a websocket on one router,
// with the sessions around all of it.
func site(t *testing.T, build func(huma.Config) (huma.API, plainRouter)) *rig[account] {
	t.Helper()
	var r *rig[account]
	a := &adapter{name: "site", start: func(t *testing.T, config huma.Config, register func(huma.API)) string {
		t.Helper()
		api, router := build(config)
		register(api)
		router.Handle("/page", session(t, page1))
		router.Handle("/callback", session(t, callback))
		router.Handle("/socket", session(t, socket))
		router.Handle("/flush", session(t, flush))
		return serve(t, r.sessions.Handler(router))
	}}
	return newRig(t, a, setup[account]{opts: accountOptions(), ops: func(made *rig[account], api huma.API) {
		r = made
		registerAccess(made, api)
	}})
}

// session hands the session of the context to a plain handler.
func session(t *testing.T, f func(http.ResponseWriter, *http.Request, *humasess.Session[account])) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, ok := humasess.From[account](req.Context())
		if !ok {
			t.Errorf("%s: From found no session", req.URL.Path)
			return
		}
		f(w, req, s)
	})
}

func page1(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) {
	a, _ := s.Get()
	_, _ = io.WriteString(w, "hello "+a.ID)
}

func callback(w http.ResponseWriter, req *http.Request, s *humasess.Session[account]) {
	if err := s.Start(account{ID: req.FormValue("code")}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, req, "/page", http.StatusSeeOther)
}

func flush(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) {
	_ = s.Update(func(a *account) error { a.N++; return nil })
	_, _ = io.WriteString(w, "first")
	_ = http.NewResponseController(w).Flush()
	if err := s.Update(func(*account) error { return nil }); err == nil {
		_, _ = io.WriteString(w, " and a change after it")
	}
}

// socket answers like a websocket and echoes lines with the session's owner.
func socket(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) {
	a, ok := s.Get()
	if !ok {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	if err := s.Update(func(a *account) error { a.Note = "connected"; return nil }); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	for {
		_ = rw.Flush()
		line, err := rw.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = rw.WriteString(a.ID + " says " + line)
	}
}

func TestHandlerAroundASite(t *testing.T) {
	for _, tt := range []struct {
		name  string
		build func(huma.Config) (huma.API, plainRouter)
	}{
		{"net/http", func(config huma.Config) (huma.API, plainRouter) {
			router := http.NewServeMux()
			return humago.New(router, config), router
		}},
		{"chi", func(config huma.Config) (huma.API, plainRouter) {
			router := chi.NewRouter()
			router.Use(middleware.RequestLogger(quietChi{}), middleware.Recoverer, middleware.GetHead)
			return humachi.New(router, config), router
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Run("pages, a callback and the API share the session", func(t *testing.T) { siteShares(t, site(t, tt.build)) })
			t.Run("X2 one load and one commit around the API", func(t *testing.T) { siteCosts(t, site(t, tt.build)) })
			t.Run("X5 503 with nothing of the handler's", func(t *testing.T) { siteFails(t, site(t, tt.build)) })
			t.Run("F11 a websocket", func(t *testing.T) { siteSocket(t, site(t, tt.build)) })
			t.Run("X4 X6 a flush commits", func(t *testing.T) { siteFlushes(t, site(t, tt.build)) })
		})
	}
}

func siteShares(t *testing.T, r *rig[account]) {
	c := r.client()
	if got := c.do("GET", "/page", ""); got.text != "hello " {
		t.Errorf("page of nobody: got %q", got.text)
	}
	landed := c.do("GET", "/callback?code=ada", "")
	landed.wantStatus(t, http.StatusSeeOther)
	landed.wantCookies(t, 1)
	landed.wantHeader(t, "Location", "/page")
	if got := c.do("GET", "/page", ""); got.text != "hello ada" {
		t.Errorf("page: got %q, want ada's", got.text)
	}
	me := c.do("GET", "/me", "")
	me.wantStatus(t, http.StatusOK)
	me.wantVary(t, "Cookie")
	r.client().do("GET", "/me", "").wantProblem(t, http.StatusUnauthorized, "no-session")
	c.do("GET", "/admin", "").wantProblem(t, http.StatusForbidden, "forbidden")
	old := c.clone()
	r.must(c, destroy[account]).wantCookies(t, 1)
	if got := old.do("GET", "/page", ""); got.text != "hello " {
		t.Errorf("page with the old cookie: got %q, want nobody's", got.text)
	}
	r.loginCall(c, start(account{ID: "bob"})).wantCookies(t, 1)
	if got := c.do("GET", "/page", ""); got.text != "hello bob" {
		t.Errorf("page after a login by the API: got %q, want bob's", got.text)
	}
}

func siteCosts(t *testing.T, r *rig[account]) {
	c := r.signedIn(account{ID: "ada"})
	r.store.Reset()
	r.must(c, increment)
	calls := r.store.Calls()
	if calls[humasesstest.OpLoad] != 1 || calls[humasesstest.OpUpdate] != 1 || r.store.Total() != 2 {
		t.Errorf("store calls: got %v, want one load and one update", calls)
	}
	if got, _ := r.data(c); got.N != 1 {
		t.Errorf("N: got %d, want 1", got.N)
	}
}

func siteFails(t *testing.T, r *rig[account]) {
	r.store.Fail(humasesstest.OpCreate, context.DeadlineExceeded)
	for _, got := range []*response{
		r.client().do("GET", "/callback?code=ada", ""), r.loginCall(r.client(), start(account{ID: "ada"})),
	} {
		got.wantProblem(t, http.StatusServiceUnavailable, "unavailable")
		got.wantHeader(t, "Location")
		got.wantHeader(t, "Set-Cookie")
		got.wantHeader(t, "Retry-After", "5")
	}
}

func siteSocket(t *testing.T, r *rig[account]) {
	c := r.signedIn(account{ID: "ada"})
	connect := func(c *client, origin string) (*bufio.Reader, io.Writer, *http.Response) {
		t.Helper()
		conn := c.dial()
		if _, err := io.WriteString(conn, c.head("GET", "/socket", "Connection: Upgrade", "Upgrade: websocket", "Origin: "+origin)); err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(conn)
		res, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		return reader, conn, res
	}
	for _, tt := range []struct {
		name, origin string
		from         *client
		want         int
	}{
		{"foreign", "https://evil.example", c, http.StatusForbidden},
		{"nobody", r.url, r.client(), http.StatusUnauthorized},
	} {
		if _, _, res := connect(tt.from, tt.origin); res.StatusCode != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, res.StatusCode, tt.want)
		}
	}
	reader, writer, res := connect(c, r.url)
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("own: got %d, want 101", res.StatusCode)
	}
	if got, _ := r.data(c); got.Note != "connected" {
		t.Errorf("note while connected: got %q, want it written before the upgrade", got.Note)
	}
	for _, word := range []string{"one\n", "two\n"} {
		if _, err := io.WriteString(writer, word); err != nil {
			t.Fatal(err)
		}
		if line, err := reader.ReadString('\n'); err != nil || line != "ada says "+word {
			t.Errorf("echo: got %q, %v, want ada's %q", line, err, word)
		}
	}
}

func siteFlushes(t *testing.T, r *rig[account]) {
	c := r.signedIn(account{ID: "ada"})
	got := c.do("GET", "/flush", "")
	if got.text != "first" || !strings.Contains(got.Header.Get("Vary"), "Cookie") {
		t.Errorf("got %q with Vary %q, want first, and no change after it", got.text, got.Header.Get("Vary"))
	}
	if data, _ := r.data(c); data.N != 1 {
		t.Errorf("N: got %d, want 1", data.N)
	}
}
