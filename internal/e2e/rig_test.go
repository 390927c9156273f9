package e2e_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// account is the session data of most behaviours.
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

// rig is an API on one router, with one manager on a store that counts and
// can fail.
type rig[T any] struct {
	t        *testing.T
	on       *adapter
	clock    *humasesstest.Clock
	store    *humasesstest.Store
	sessions *humasess.Manager[T]
	url      string
	log      *lockedBuffer

	mu     sync.Mutex
	calls  map[string]handler[T]
	events []events.Event
}

type handler[T any] func(ctx context.Context, s *humasess.Session[T]) error

// Inputs of the operations that every rig has.
type (
	optionalInput[T any] struct {
		humasess.Session[T]
		Call string `header:"X-Call"`
	}
	requiredInput[T any] struct {
		humasess.Required[T]
		Call string `header:"X-Call"`
	}
	loginInput[T any] struct {
		humasess.Login[T]
		Call string `header:"X-Call"`
	}
)

// setup holds the changes of a behaviour to its rig before the server starts.
type setup[T any] struct {
	opts   humasess.Options[T]
	config func(*huma.Config)
	before func(huma.API) // the manager is attached
	ops    func(*rig[T], huma.API)
}

// newRig starts a server with the operations of every rig and those of the
// behaviour.
func newRig[T any](t *testing.T, a *adapter, use setup[T]) *rig[T] {
	t.Helper()
	r := &rig[T]{
		t: t, on: a, clock: humasesstest.NewClock(), store: humasesstest.Wrap(memory.New(nil)), log: &lockedBuffer{},
		calls: map[string]handler[T]{},
	}
	use.opts.Now = r.clock.Now
	use.opts.Logger = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	use.opts.OnEvent = r.note
	var err error
	if r.sessions, err = humasess.New(r.store, &use.opts); err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		if err := r.sessions.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	config := huma.DefaultConfig("Test", "1.0.0")
	if use.config != nil {
		use.config(&config)
	}
	r.url = a.serve(t, config, func(api huma.API) {
		if use.before != nil {
			use.before(api)
		}
		if err := r.sessions.Attach(api); err != nil {
			t.Fatalf("Attach: %v", err)
		}
		r.register(api)
		if use.ops != nil {
			use.ops(r, api)
		}
	})
	return r
}

// accounts is newRig with the usual data.
func accounts(t *testing.T, a *adapter, ops func(*rig[account], huma.API)) *rig[account] {
	t.Helper()
	return newRig(t, a, setup[account]{opts: accountOptions(), ops: ops})
}

// register adds operations whose handlers tests give with each request.
func (r *rig[T]) register(api huma.API) {
	huma.Post(api, "/call", func(ctx context.Context, in *optionalInput[T]) (*struct{}, error) {
		return nil, r.take(in.Call)(ctx, &in.Session)
	})
	huma.Post(api, "/required", func(ctx context.Context, in *requiredInput[T]) (*struct{}, error) {
		return nil, r.take(in.Call)(ctx, &in.Session)
	})
	huma.Post(api, "/login", func(ctx context.Context, in *loginInput[T]) (*struct{}, error) {
		return nil, r.take(in.Call)(ctx, &in.Session)
	})
}

func (r *rig[T]) note(_ context.Context, e events.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// seen returns the events so far.
func (r *rig[T]) seen() []events.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func (r *rig[T]) take(key string) handler[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[key]
}

// keep returns the value of X-Call for a handler.
func (r *rig[T]) keep(f handler[T]) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := strconv.Itoa(len(r.calls))
	r.calls[key] = f
	return key
}

// call runs f as the handler of an operation that embeds Session.
func (r *rig[T]) call(c *client, f handler[T], edits ...edit) *response {
	return r.send(c, "/call", f, edits...)
}

// must is call for a step that has to succeed.
func (r *rig[T]) must(c *client, f handler[T], edits ...edit) *response {
	r.t.Helper()
	res := r.call(c, f, edits...)
	res.wantStatus(r.t, http.StatusNoContent)
	return res
}

// requiredCall runs f as the handler of an operation that embeds Required.
func (r *rig[T]) requiredCall(c *client, f handler[T], edits ...edit) *response {
	return r.send(c, "/required", f, edits...)
}

// loginCall runs f as the handler of an operation that embeds Login.
func (r *rig[T]) loginCall(c *client, f handler[T], edits ...edit) *response {
	return r.send(c, "/login", f, edits...)
}

func (r *rig[T]) send(c *client, path string, f handler[T], edits ...edit) *response {
	return c.do(http.MethodPost, path, "", append(edits, header("X-Call", r.keep(f)))...)
}

func (r *rig[T]) client() *client {
	c := newClient(r.t, r.url)
	if r.on.overHTTP2 {
		c.overHTTP2()
	}
	return c
}

// signedIn returns a client with a session of its own.
func (r *rig[T]) signedIn(data T) *client {
	r.t.Helper()
	c := r.client()
	cookie := humasesstest.Login(r.t, r.sessions, data)
	c.set(cookie.Name, cookie.Value)
	return c
}

// data returns the data of the client's session, or false without one.
func (r *rig[T]) data(c *client) (T, bool) {
	r.t.Helper()
	var data T
	var ok bool
	r.must(c, func(_ context.Context, s *humasess.Session[T]) error {
		data, ok = s.Get()
		return nil
	})
	return data, ok
}

func (r *rig[T]) wantActive(c *client, want bool) {
	r.t.Helper()
	if _, got := r.data(c); got != want {
		r.t.Errorf("session active: got %v, want %v", got, want)
	}
}

// wantCalls compares the number of store calls since the last reset.
func (r *rig[T]) wantCalls(want int) {
	r.t.Helper()
	if got := r.store.Total(); got != want {
		r.t.Errorf("store calls: got %v, want %d", r.store.Calls(), want)
	}
}

// Handlers that most behaviours need.

func nothing[T any](context.Context, *humasess.Session[T]) error { return nil }

func start[T any](data T) handler[T] {
	return func(_ context.Context, s *humasess.Session[T]) error { return s.Start(data) }
}

func destroy[T any](_ context.Context, s *humasess.Session[T]) error { return s.Destroy() }

func renew[T any](_ context.Context, s *humasess.Session[T]) error { return s.Renew() }

func increment(_ context.Context, s *humasess.Session[account]) error {
	return s.Update(func(a *account) error { a.N++; return nil })
}

// wait waits for another goroutine.
func wait(t *testing.T, label string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("%s: got nothing in %v", label, patience)
	}
}

// waited is wait within a handler.
func waited(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-time.After(patience):
		return false
	}
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
