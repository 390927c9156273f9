package e2e_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaflow/flow"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/julienschmidt/httprouter"
	echo4 "github.com/labstack/echo/v4"
	"github.com/labstack/echo/v5"
	"github.com/uptrace/bunrouter"
)

// site is an API, pages, an OAuth callback and a websocket on one router, all
// inside the sessions' middleware.
func site(t *testing.T, on *adapter) *rig[account] {
	t.Helper()
	var r *rig[account]
	a := &adapter{name: "site", overHTTP2: on.overHTTP2, start: func(t *testing.T, config huma.Config, register func(huma.API)) string {
		t.Helper()
		api, router := on.build(config)
		register(api)
		for path, h := range map[string]http.Handler{
			"/page": session(t, page1), "/callback": session(t, callback), "/socket": session(t, socket),
			"/flush": session(t, flush), "/no-hijack": session(t, hijackNothing(t)),
		} {
			mount(t, router, path, h)
		}
		return serve(t, r.sessions.Handler(router))
	}}
	return newRig(t, a, setup[account]{opts: accountOptions(), ops: func(made *rig[account], api huma.API) {
		r = made
		registerAccess(made, api)
	}})
}

// mount adds a plain handler for GET in the router's own way.
func mount(t *testing.T, router http.Handler, path string, h http.Handler) {
	t.Helper()
	switch r := router.(type) {
	case *http.ServeMux:
		r.Handle("GET "+path, h)
	case *chi.Mux:
		r.Method(http.MethodGet, path, h)
	case *gin.Engine:
		r.GET(path, gin.WrapH(h))
	case *echo.Echo:
		r.GET(path, echo.WrapHandler(h))
	case *echo4.Echo:
		r.GET(path, echo4.WrapHandler(h))
	case *bunrouter.Router:
		r.GET(path, bunrouter.HTTPHandler(h))
	case *bunrouter.CompatRouter:
		r.GET(path, h.ServeHTTP)
	case *httprouter.Router:
		r.Handler(http.MethodGet, path, h)
	case *mux.Router:
		r.Handle(path, h).Methods(http.MethodGet)
	case *flow.Mux:
		r.Handle(path, h, http.MethodGet)
	default:
		t.Fatalf("router: got a %T, want one whose way to add a handler is known", router)
	}
}

// session passes the session of the context to a plain handler.
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
	_ = http.NewResponseController(w).Flush()
	if err := s.Update(func(*account) error { return nil }); err == nil {
		_, _ = io.WriteString(w, "a change after the ")
	}
	_, _ = io.WriteString(w, "first")
}

// hijackNothing tries to hijack a connection that cannot be hijacked.
func hijackNothing(t *testing.T) func(http.ResponseWriter, *http.Request, *humasess.Session[account]) {
	return func(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) {
		if err := s.Renew(); err != nil {
			t.Errorf("Renew: %v", err)
		}
		if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Hijack: got %v, want ErrUnsupported", err)
		}
		if err := s.Update(func(a *account) error { a.N++; return nil }); err != nil {
			t.Errorf("Update after a refused Hijack: got %v, want nothing committed", err)
		}
		_, _ = io.WriteString(w, "no connection")
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
	for _, a := range adapters() {
		if a.build == nil {
			continue // no net/http
		}
		two := *a
		two.overHTTP2 = true
		for _, on := range []*adapter{a, &two} {
			t.Run(on.name+map[bool]string{true: " HTTP/2"}[on.overHTTP2], func(t *testing.T) {
				t.Parallel()
				t.Run("pages, a callback and the API share the session", func(t *testing.T) { siteShares(t, site(t, on)) })
				t.Run("X2 one load and one commit around the API", func(t *testing.T) { siteCosts(t, site(t, on)) })
				t.Run("X5 503 with nothing of the handler's", func(t *testing.T) { siteFails(t, site(t, on)) })
				t.Run("X4 X6 a flush commits", func(t *testing.T) { siteFlushes(t, site(t, on)) })
				if on.overHTTP2 {
					t.Run("X4 no connection to hijack, and no commit for it", func(t *testing.T) { siteKeepsConnection(t, site(t, on)) })
				} else {
					t.Run("F11 a websocket", func(t *testing.T) { siteSocket(t, site(t, on)) })
				}
			})
		}
	}
}

func siteKeepsConnection(t *testing.T, r *rig[account]) {
	c := r.signedIn(account{ID: "ada"})
	got := c.do("GET", "/no-hijack", "")
	got.wantStatus(t, http.StatusOK)
	got.wantCookies(t, 1)
	if got.ProtoMajor != 2 || got.text != "no connection" {
		t.Errorf("got %q over %s, want the handler's answer over HTTP/2", got.text, got.Proto)
	}
	if data, _ := r.data(c); data.N != 1 {
		t.Errorf("N: got %d, want 1", data.N)
	}
}

func siteShares(t *testing.T, r *rig[account]) {
	c := r.client()
	if got := c.do("GET", "/page", ""); got.text != "hello " {
		t.Errorf("page without a session: got %q", got.text)
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
		t.Errorf("page with the old cookie: got %q, want the page without a session", got.text)
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
		{"no session", r.url, r.client(), http.StatusUnauthorized},
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

// deadline is a context whose deadline passes when the handler says so, which finds
// the deadline under the key deadline{}. The handler ends after the client has its
// answer: when both are due, http.TimeoutHandler may choose the handler's.
type deadline struct {
	context.Context
	passed, answered chan struct{}
}

func (d deadline) Done() <-chan struct{} { return d.passed }

func (d deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return d.Context.Err()
	}
}

func (d deadline) Value(key any) any {
	if key == (deadline{}) {
		return d
	}
	return d.Context.Value(key)
}

// A handler inside a TimeoutHandler goes on after its response was thrown away.
func TestHandlerOutsideTimeoutHandler(t *testing.T) {
	var r *rig[account]
	answered, ended := make(chan struct{}, 1), make(chan struct{}, 2)
	slow := func(ctx context.Context, s *humasess.Session[account]) error {
		err := s.Start(account{ID: "eve"})
		d := ctx.Value(deadline{}).(deadline)
		close(d.passed)
		if !waited(d.answered) {
			t.Error("the request never timed out")
		}
		return err
	}
	a := &adapter{name: "timeout", start: func(t *testing.T, config huma.Config, register func(huma.API)) string {
		t.Helper()
		api, router := buildGo(config)
		register(api)
		mount(t, router, "/slow", session(t, func(_ http.ResponseWriter, req *http.Request, s *humasess.Session[account]) {
			if err := slow(req.Context(), s); err != nil {
				t.Errorf("Start: %v", err)
			}
		}))
		timeout := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			router.ServeHTTP(w, req)
			ended <- struct{}{}
		}), patience, "too slow")
		return serve(t, r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			timeout.ServeHTTP(w, req.WithContext(deadline{req.Context(), make(chan struct{}), answered}))
		})))
	}}
	r = newRig(t, a, setup[account]{opts: accountOptions(), ops: func(made *rig[account], _ huma.API) { r = made }})
	c := r.signedIn(account{ID: "ada"})
	for _, request := range []func() *response{
		func() *response { return c.do("GET", "/slow", "") },
		func() *response { return r.loginCall(c, slow) },
	} {
		got := request()
		answered <- struct{}{}
		wait(t, "end of the handler", ended)
		got.wantStatus(t, http.StatusServiceUnavailable)
		got.wantCookies(t, 0)
		if got.text != "too slow" {
			t.Errorf("body: got %q, want that of the timeout", got.text)
		}
		if data, ok := r.data(c); !ok || data.ID != "ada" {
			t.Errorf("session: got %+v, %v, want ada still signed in", data, ok)
		}
		if infos, err := r.sessions.List(context.Background(), "eve"); err != nil || len(infos) != 0 {
			t.Errorf("sessions of the handler: got %+v, %v, want none", infos, err)
		}
	}
}
