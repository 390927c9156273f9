package browser_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// cookieName is the name of the session cookie with the zero Options.
const cookieName = "__Host-id"

// Names of the sites: the app, one that shares its registrable domain, and one
// that shares nothing.
const (
	appHost     = "app.example.test"
	siblingHost = "sibling.example.test"
	evilHost    = "evil.test"
)

type user struct {
	ID   string `json:"id"`
	Paid int    `json:"paid"`
}

type (
	loginInput struct {
		humasess.Login[user]
		Name     string `query:"name"`
		Remember bool   `query:"remember"`
	}
	optionalInput struct{ humasess.Session[user] }
	requiredInput struct{ humasess.Required[user] }
	userOutput    struct{ Body user }
	pageOutput    struct {
		ContentType string `header:"Content-Type"`
		Body        []byte
	}
	greeting struct {
		Text string `json:"text"`
	}
)

// app is an API as a program would write it, on its own site, and the requests
// of browsers to it.
type app struct {
	t        *testing.T
	origin   string
	clock    *humasesstest.Clock
	sessions *humasess.Manager[user]

	mu       sync.Mutex
	requests []request
	events   []events.Event
	hold     chan struct{} // /slow waits until it is closed
}

// request is a request that has arrived, and its answer.
type request struct {
	method, path, query string
	site, origin        string // the page that asks, according to the browser
	cookie              string
	authorization       string
	status              int
}

// newApp serves the API with options: those that are not set are the defaults.
func newApp(t *testing.T, opts humasess.Options[user]) *app {
	t.Helper()
	return newAppOn(t, memory.New(nil), opts)
}

func newAppOn(t *testing.T, store stores.Store, opts humasess.Options[user]) *app {
	t.Helper()
	a := &app{t: t, clock: humasesstest.NewClock(), hold: make(chan struct{})}
	opts.Identity = func(u user) string { return u.ID }
	opts.Now = a.clock.Now
	opts.OnEvent = a.note
	opts.Logger = slog.New(slog.DiscardHandler)
	var err error
	if a.sessions, err = humasess.New(store, &opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.sessions.Close(context.Background()) })
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := a.sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	a.register(api)
	mux.Handle("GET /socket", a.sessions.Handler(http.HandlerFunc(socket)))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<title>home</title><h1>home</h1>")
	})
	a.origin = browser.Serve(t, appHost, a.recorded(mux))
	return a
}

func (a *app) register(api huma.API) {
	huma.Post(api, "/login", func(_ context.Context, in *loginInput) (*struct{}, error) {
		if err := in.Session.Start(user{ID: in.Name}); err != nil || !in.Remember {
			return nil, err
		}
		return nil, in.Session.Remember(true)
	})
	huma.Post(api, "/logout", func(_ context.Context, in *optionalInput) (*struct{}, error) { return nil, in.Session.Destroy() })
	huma.Get(api, "/me", func(_ context.Context, in *requiredInput) (*userOutput, error) {
		return &userOutput{Body: in.Value()}, nil
	})
	// A page of another site would attack this operation, because without a
	// body it accepts any form.
	pay := func(_ context.Context, in *requiredInput) (*struct{}, error) {
		return nil, in.Session.Update(func(u *user) error { u.Paid++; return nil })
	}
	huma.Post(api, "/pay", pay)
	huma.Post(api, "/callback", pay, humasess.AllowCrossSite)
	huma.Get(api, "/slow", func(ctx context.Context, in *requiredInput) (*userOutput, error) {
		select {
		case <-a.hold:
		case <-ctx.Done():
		}
		return &userOutput{Body: in.Value()}, nil
	})
	// A page and a script with private text in it.
	huma.Get(api, "/account", func(_ context.Context, in *requiredInput) (*pageOutput, error) {
		return &pageOutput{"text/html", []byte("<title>account</title><p>private to " + in.Value().ID + "</p>")}, nil
	})
	huma.Get(api, "/account.js", func(_ context.Context, in *requiredInput) (*pageOutput, error) {
		return &pageOutput{"text/javascript", []byte("stolen = '" + in.Value().ID + "'")}, nil
	})
	sse.Register(api, huma.Operation{OperationID: "events", Method: http.MethodGet, Path: "/events"}, map[string]any{"message": greeting{}},
		func(_ context.Context, in *requiredInput, send sse.Sender) {
			_ = send.Data(greeting{"private to " + in.Value().ID})
		})
}

// socket greets over a websocket, for a test that must not open one. It does
// the handshake and sends one frame (RFC 6455 § 4.2.2 and § 5.2).
func socket(w http.ResponseWriter, r *http.Request) {
	s, ok := humasess.From[user](r.Context())
	u, active := s.Get()
	if !ok || !active {
		http.Error(w, "signed out", http.StatusUnauthorized)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = conn.Close() }()
	key := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	text := "private to " + u.ID
	_, _ = fmt.Fprintf(buffered, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n\x81%c%s",
		base64.StdEncoding.EncodeToString(key[:]), len(text), text)
	_ = buffered.Flush()
	_, _ = buffered.Peek(1) // the page closes
}

func (a *app) note(_ context.Context, e events.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, e)
}

// count returns how many events of a kind there were.
func (a *app) count(kind events.Kind) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (a *app) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		i := len(a.requests)
		a.requests = append(a.requests, request{
			method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, cookie: r.Header.Get("Cookie"),
			site: r.Header.Get("Sec-Fetch-Site"), origin: r.Header.Get("Origin"),
			authorization: r.Header.Get("Authorization"),
		})
		a.mu.Unlock()
		s := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(s, r)
		a.mu.Lock()
		a.requests[i].status = s.status
		a.mu.Unlock()
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter

	status int
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader keeps the first status that is final.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Hijack is for http.ResponseController, too.
func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// answered waits for the n-th request of a method and path, counted from 1,
// until it is answered, and returns it.
func (a *app) answered(method, path string, n int) request {
	a.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for begin := time.Now(); time.Since(begin) < time.Minute; <-tick.C {
		a.mu.Lock()
		all := slices.DeleteFunc(slices.Clone(a.requests), func(r request) bool { return r.method != method || r.path != path })
		a.mu.Unlock()
		if len(all) >= n && all[n-1].status != 0 {
			return all[n-1]
		}
	}
	a.t.Fatalf("%s %s: no answer number %d", method, path, n)
	return request{}
}

// login signs ada in with a page of the app, which it returns.
func (a *app) login(b *browser.Browser) *browser.Page {
	a.t.Helper()
	page := b.Open(a.origin)
	a.loginOn(page, "name=ada")
	return page
}

func (a *app) loginOn(page *browser.Page, query string) {
	a.t.Helper()
	if got := page.Fetch("/login?"+query, `{method: "POST"}`); got.Status != http.StatusNoContent {
		a.t.Fatalf("login: got %+v, want 204", got)
	}
}

// wantUser checks the user of the session that a page of the app has, ""
// without one, and how often that user has paid.
func (a *app) wantUser(page *browser.Page, name string, paid int) {
	a.t.Helper()
	got := page.Fetch("/me", "{}")
	if name == "" {
		if got.Status != http.StatusUnauthorized {
			a.t.Errorf("got %+v, want 401", got)
		}
		return
	}
	if got.Status != http.StatusOK || !strings.Contains(got.Body, fmt.Sprintf(`"id":%q,"paid":%d`, name, paid)) {
		a.t.Errorf("got %+v, want the session of %q with %d payments", got, name, paid)
	}
}
