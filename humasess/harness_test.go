package humasess_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// account is the usual session data of these tests. Its slice makes it one
// whose copies are not just assigned.
type account struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles,omitempty"`
	N     int      `json:"n,omitempty"`
	Note  string   `json:"note,omitempty"`
}

func accountOptions() humasess.Options[account] {
	return humasess.Options[account]{
		Identity: func(a account) string { return a.ID },
		Roles:    func(a account) []string { return a.Roles },
	}
}

// rig is an API with one manager, on a store that counts and can fail.
type rig[T any] struct {
	t        *testing.T
	clock    *humasesstest.Clock
	store    *humasesstest.Store
	sessions *humasess.Manager[T]
	api      huma.API
	mux      *http.ServeMux
	log      *lockedBuffer
	events   *eventLog

	mu    sync.Mutex
	calls map[string]func(context.Context, *humasess.Session[T]) error
}

// Inputs of the operations of a rig.
type (
	optionalInput[T any] struct {
		humasess.Session[T]
		Call string `header:"X-Call"`
	}
	requiredInput struct {
		humasess.Required[account]
		Call string `header:"X-Call"`
	}
	loginInput struct {
		humasess.Login[account]
		Call string `header:"X-Call"`
	}
	guardedInput[G any] struct{ humasess.Guarded[account, G] }
)

// newRig builds an API; tests add operations to it and edit their handlers
// with call, requiredCall and loginCall.
func newRig[T any](t *testing.T, opts humasess.Options[T]) *rig[T] {
	t.Helper()
	return newRigOn(t, opts, memory.New(nil), huma.DefaultConfig("Test", "1.0.0"))
}

func newRigOn[T any](t *testing.T, opts humasess.Options[T], inner stores.Store, config huma.Config) *rig[T] {
	t.Helper()
	r := &rig[T]{
		t: t, clock: humasesstest.NewClock(), store: humasesstest.Wrap(inner), mux: http.NewServeMux(),
		log: &lockedBuffer{}, events: &eventLog{},
		calls: map[string]func(context.Context, *humasess.Session[T]) error{},
	}
	opts.Now = r.clock.Now
	opts.Logger = slog.New(slog.NewTextHandler(io.MultiWriter(r.log, everything), &slog.HandlerOptions{Level: slog.LevelDebug}))
	opts.OnEvent = r.events.add
	var err error
	if r.sessions, err = humasess.New(r.store, &opts); err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		if err := r.sessions.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if !r.sessions.SharedUnchanged() {
			t.Error("a request has written to the values that all requests share")
		}
	})
	r.api = humago.New(r.mux, config)
	if err := r.sessions.Attach(r.api); err != nil {
		t.Fatalf("Attach: %v", err)
	}
	r.register(r.api)
	return r
}

// register adds the operations behind call, requiredCall and loginCall. The last two
// are for accounts alone, because each input type takes long to compile.
func (r *rig[T]) register(api huma.API) {
	huma.Post(api, "/call", func(ctx context.Context, in *optionalInput[T]) (*struct{}, error) {
		return nil, r.take(in.Call)(ctx, &in.Session)
	})
	accounts, ok := any(r).(*rig[account])
	if !ok {
		return
	}
	huma.Post(api, "/required", func(ctx context.Context, in *requiredInput) (*struct{}, error) {
		return nil, accounts.take(in.Call)(ctx, &in.Session)
	})
	huma.Post(api, "/login", func(ctx context.Context, in *loginInput) (*struct{}, error) {
		return nil, accounts.take(in.Call)(ctx, &in.Session)
	})
}

// guarded registers an operation with a guard. The compiler shares its code among all
// guards with the same underlying type.
func guarded[G any](api huma.API, method, path string, f handler[account]) {
	huma.Register(api, huma.Operation{OperationID: path, Method: method, Path: path}, func(ctx context.Context, in *guardedInput[G]) (*struct{}, error) {
		return nil, f(ctx, &in.Session)
	})
}

func (r *rig[T]) take(key string) func(context.Context, *humasess.Session[T]) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[key]
}

// in reports the errors of the rig to a subtest, while the subtest runs.
func (r *rig[T]) in(t *testing.T) {
	t.Helper()
	parent := r.t
	t.Cleanup(func() { r.t = parent })
	r.t = t
}

func (r *rig[T]) client() *humasesstest.Client { return humasesstest.NewClient(r.mux) }

// signedIn returns a client with a session of its own.
func (r *rig[T]) signedIn(data T) *humasesstest.Client {
	r.t.Helper()
	c := r.client()
	cookie := humasesstest.Login(r.t, r.sessions, data)
	everything.Credential(cookie.Value)
	c.SetCookie(cookie)
	return c
}

type handler[T any] func(ctx context.Context, s *humasess.Session[T]) error

// call runs f as the handler of an operation that embeds Session.
func (r *rig[T]) call(c *humasesstest.Client, f handler[T], edits ...func(*http.Request)) *httptest.ResponseRecorder {
	return r.send(c, "/call", f, edits...)
}

// requiredCall runs f as the handler of an operation that embeds Required.
func (r *rig[T]) requiredCall(c *humasesstest.Client, f handler[T], edits ...func(*http.Request)) *httptest.ResponseRecorder {
	return r.send(c, "/required", f, edits...)
}

// loginCall runs f as the handler of an operation that embeds Login.
func (r *rig[T]) loginCall(c *humasesstest.Client, f handler[T], edits ...func(*http.Request)) *httptest.ResponseRecorder {
	return r.send(c, "/login", f, edits...)
}

func (r *rig[T]) send(c *humasesstest.Client, path string, f handler[T], edits ...func(*http.Request)) *httptest.ResponseRecorder {
	r.mu.Lock()
	key := strconv.Itoa(len(r.calls))
	r.calls[key] = f
	r.mu.Unlock()
	w := c.Do(http.MethodPost, path, nil, append(edits, func(req *http.Request) { req.Header.Set("X-Call", key) })...)
	everything.Credentials(w.Header(), csrfHeader)
	return w
}

// must is call for a step that has to succeed.
func (r *rig[T]) must(c *humasesstest.Client, f handler[T]) *httptest.ResponseRecorder {
	r.t.Helper()
	w := r.call(c, f)
	wantStatus(r.t, w, http.StatusNoContent)
	return w
}

// data returns the data of the client's session, and false without one.
func (r *rig[T]) data(c *humasesstest.Client) (T, bool) {
	r.t.Helper()
	var data T
	var ok bool
	r.must(c, func(_ context.Context, s *humasess.Session[T]) error {
		data, ok = s.Get()
		return nil
	})
	return data, ok
}

func (r *rig[T]) wantActive(c *humasesstest.Client, want bool) {
	r.t.Helper()
	if _, got := r.data(c); got != want {
		r.t.Errorf("session active: got %v, want %v", got, want)
	}
}

// wantCalls compares the store's counters with pairs of operation and number.
func (r *rig[T]) wantCalls(want map[humasesstest.Op]int) {
	r.t.Helper()
	got := r.store.Calls()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("store calls: got %v, want %v", got, want)
	}
}

// cookieName is the name of the session cookie with the zero Options.
const cookieName = "__Host-id"

// token returns the token that the client would send.
func token(c *humasesstest.Client) string { return c.Cookie(cookieName) }

// withToken returns a client that sends exactly this cookie.
func (r *rig[T]) withToken(value string) *humasesstest.Client {
	c := r.client()
	c.SetCookie(&http.Cookie{Name: cookieName, Value: value})
	return c
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if w.Code != want {
		t.Errorf("status: got %d, want %d; body %s", w.Code, want, w.Body)
	}
}

// wantHeader compares all values of a header.
func wantHeader(t *testing.T, w *httptest.ResponseRecorder, name string, want ...string) {
	t.Helper()
	if got := w.Result().Header.Values(name); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

func wantText(t *testing.T, what, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s: got %q, want %q in it", what, got, w)
		}
	}
}

// setCookies returns the Set-Cookie lines of our cookie.
func setCookies(w *httptest.ResponseRecorder) []string {
	var lines []string
	for _, line := range w.Result().Header.Values("Set-Cookie") {
		if strings.HasPrefix(line, cookieName+"=") {
			lines = append(lines, line)
		}
	}
	return lines
}

func wantCookies(t *testing.T, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if got := setCookies(w); len(got) != want {
		t.Errorf("Set-Cookie lines: got %q, want %d", got, want)
	}
}

// problem is the body of an error answer.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []any  `json:"errors"`
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Errorf("body is no problem: %v: %q", err, w.Body)
	}
	if got := w.Result().Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type: got %q, want %q", got, "application/problem+json")
	}
	return p
}

// lockedBuffer is a log that several requests write to.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// eventLog collects events.
type eventLog struct {
	mu  sync.Mutex
	all []events.Event
}

func (l *eventLog) add(ctx context.Context, e events.Event) {
	everything.Event(ctx, e)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e)
}

// take returns the events since the last take.
func (l *eventLog) take() []events.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

// kinds is take, with the kinds only.
func (l *eventLog) kinds() []events.Kind {
	var kinds []events.Kind
	for _, e := range l.take() {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func wantKinds(t *testing.T, l *eventLog, want ...events.Kind) {
	t.Helper()
	if got := l.kinds(); !slices.Equal(got, want) {
		t.Errorf("events: got %q, want %q", got, want)
	}
}

// Handlers that most tests need.

func nothing[T any](context.Context, *humasess.Session[T]) error { return nil }

func start[T any](data T) handler[T] {
	return func(_ context.Context, s *humasess.Session[T]) error { return s.Start(data) }
}

func destroy[T any](_ context.Context, s *humasess.Session[T]) error { return s.Destroy() }

func renew[T any](_ context.Context, s *humasess.Session[T]) error { return s.Renew() }

func increment(_ context.Context, s *humasess.Session[account]) error {
	return s.Update(func(a *account) error { a.N++; return nil })
}

func wantTime(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("%s: got %v, want %v", what, got.UTC(), want.UTC())
	}
}

// spoilt changes the first letter of base64url text.
func spoilt(text string) string {
	if text[0] == 'A' {
		return "B" + text[1:]
	}
	return "A" + text[1:]
}

// kept returns the number of live sessions in a store.
func kept(t *testing.T, store *memory.Store) int {
	t.Helper()
	n, err := store.Count(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
