package e2e_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
)

// streamBehaviours are about responses in several pieces.
var streamBehaviours = []behaviour{
	{"X4 X6 a stream, whose session was written before the first byte", streams},
	{"X4 X6 server-sent events, flushed before the handler ends", serverSentEvents},
	{"X4 X6 server-sent events below middleware that wraps the context", eventsBelowMiddleware},
	{"1xx responses commit nothing", interimResponses},
	{"X7 a panic commits nothing", panics},
	{"X7 a panic after the first byte takes nothing back", latePanics},
}

// gate lets a test and a handler wait for each other.
type gate struct{ entered, release chan struct{} }

func newGate() *gate { return &gate{make(chan struct{}), make(chan struct{})} }

// pass is the handler's side, once.
func (g *gate) pass() bool {
	close(g.entered)
	return waited(g.release)
}

func late(t *testing.T, s *humasess.Session[account]) {
	if err := increment(context.Background(), s); !errors.Is(err, humasess.ErrCommitted) {
		t.Errorf("Update after the first byte: got %v, want ErrCommitted", err)
	}
}

func streams(t *testing.T, a *adapter) {
	g := newGate()
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		huma.Post(api, "/stream", func(_ context.Context, in *loginOnly) (*huma.StreamResponse, error) {
			err := in.Session.Start(account{ID: "ada"})
			return &huma.StreamResponse{Body: func(ctx huma.Context) {
				ctx.SetHeader("Content-Type", "text/plain")
				w := ctx.BodyWriter()
				_, _ = io.WriteString(w, "first\n")
				f, flushes := w.(http.Flusher)
				if flushes != a.can(streaming) {
					t.Errorf("the writer flushes: got %v, but the table says %v", flushes, a.can(streaming))
				}
				if flushes {
					f.Flush()
				}
				late(t, &in.Session)
				if !g.pass() {
					t.Error("the stream was never released")
				}
				_, _ = io.WriteString(w, "second\n")
			}}, err
		})
	})
	c := r.client()
	// The session is stored while the handler runs, even if the router does not
	// send the headers yet.
	stored := func() {
		t.Helper()
		if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || len(infos) != 1 {
			t.Errorf("sessions while the stream runs: got %+v, %v, want one", infos, err)
		}
	}
	if !a.can(streaming) {
		done := make(chan *response, 1)
		go func() { done <- c.do("POST", "/stream", "") }()
		wait(t, "stream", g.entered)
		stored()
		select {
		case <-done:
			t.Error("got the response while it is written: want it told in the table that it streams")
		default:
		}
		close(g.release)
		got := <-done
		got.wantCookies(t, 1)
		if got.text != "first\nsecond\n" {
			t.Errorf("body: got %q, want both lines", got.text)
		}
		r.wantActive(c, true)
		return
	}
	res, err := c.open("POST", "/stream", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body := bufio.NewReader(res.Body)
	if line, err := body.ReadString('\n'); err != nil || line != "first\n" {
		t.Errorf("first line: got %q, %v", line, err)
	}
	stored()
	r.wantActive(c.clone(), true)
	close(g.release)
	if rest, err := io.ReadAll(body); err != nil || string(rest) != "second\n" {
		t.Errorf("rest: got %q, %v", rest, err)
	}
}

type tick struct{ N int }

func serverSentEvents(t *testing.T, a *adapter) { sentEvents(t, a, setup[account]{}) }

// eventsBelowMiddleware wraps the context once before the gate and twice behind it.
func eventsBelowMiddleware(t *testing.T, a *adapter) {
	wrap := func(key string) func(huma.Context, func(huma.Context)) {
		return func(ctx huma.Context, next func(huma.Context)) { next(huma.WithValue(ctx, middlewareKey(key), key)) }
	}
	sentEvents(t, a, setup[account]{
		before: func(api huma.API) { api.UseMiddleware(wrap("outer")) },
		ops:    func(_ *rig[account], api huma.API) { api.UseMiddleware(wrap("inner"), wrap("innermost")) },
	})
}

func sentEvents(t *testing.T, a *adapter, use setup[account]) {
	g, below := newGate(), use.ops
	use.opts = accountOptions()
	use.ops = func(r *rig[account], api huma.API) {
		if below != nil {
			below(r, api)
		}
		op := huma.Operation{OperationID: "sse", Method: http.MethodGet, Path: "/events"}
		sse.Register(api, op, map[string]any{"tick": tick{}}, func(ctx context.Context, in *struct{ humasess.Required[account] }, send sse.Sender) {
			_ = send.Data(tick{in.Value().N})
			late(t, &in.Session)
			if s, ok := humasess.From[account](ctx); !ok || s.ID() != in.ID() {
				t.Errorf("From in a stream: got %v, want the session", ok)
			}
			if !g.pass() {
				t.Error("the stream was never released")
			}
			_ = send.Data(tick{in.Value().N + 1})
			for _, key := range []string{"outer", "inner", "innermost"} {
				if got := ctx.Value(middlewareKey(key)); below != nil && got != key {
					t.Errorf("value of the %s middleware: got %v, want %q", key, got, key)
				}
			}
		})
	}
	r := newRig(t, a, use)
	r.client().do("GET", "/events", "").wantProblem(t, http.StatusUnauthorized, "no-session")
	c := r.signedIn(account{ID: "ada", N: 1})
	r.clock.Advance(accountIdleTenth)
	r.store.Reset()
	res, err := c.open("GET", "/events", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	(&response{Response: res}).wantHeader(t, "Cache-Control", "no-store")
	body := bufio.NewReader(res.Body)
	next := func(want string) {
		t.Helper()
		for {
			line, err := body.ReadString('\n')
			if err != nil {
				t.Errorf("event: got %v, want %s", err, want)
				return
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				if strings.TrimSpace(data) != want {
					t.Errorf("event: got %q, want %s", data, want)
				}
				return
			}
		}
	}
	next(`{"N":1}`)
	wait(t, "handler", g.entered)
	r.wantCalls(2) // one load and one extension, before the stream
	other := c.clone()
	r.must(other, destroy[account])
	close(g.release)
	next(`{"N":2}`)
	r.wantActive(c, false)
}

func interimResponses(t *testing.T, a *adapter) {
	g := newGate()
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		huma.Post(api, "/hints", func(_ context.Context, in *loginOnly) (*huma.StreamResponse, error) {
			err := in.Session.Start(account{ID: "ada"})
			return &huma.StreamResponse{Body: func(ctx huma.Context) {
				ctx.SetHeader("Link", "</style.css>; rel=preload")
				ctx.SetStatus(http.StatusEarlyHints)
				if err := in.Session.Update(func(a *account) error { a.N = 5; return nil }); err != nil {
					t.Errorf("Update after 103: got %v, want none", err)
				}
				if !g.pass() {
					t.Error("the handler was never released")
				}
				ctx.SetStatus(http.StatusAccepted)
				late(t, &in.Session)
				_, _ = fmt.Fprint(ctx.BodyWriter(), "done")
			}}, err
		})
	})
	c := r.client()
	hints := make(chan struct{}, 1)
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		if code != http.StatusEarlyHints || h.Get("Link") == "" || h.Get("Set-Cookie") != "" {
			t.Errorf("interim: got %d %v, want 103 with Link and without a cookie", code, h)
		}
		hints <- struct{}{}
		return nil
	}}
	done := make(chan *response, 1)
	go func() {
		done <- c.do("POST", "/hints", "", func(req *http.Request) {
			*req = *req.WithContext(httptrace.WithClientTrace(req.Context(), trace))
		})
	}()
	wait(t, "handler", g.entered)
	if a.can(interim) {
		wait(t, "103", hints)
	}
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || len(infos) != 0 {
		t.Errorf("sessions after 103: got %+v, %v, want none yet", infos, err)
	}
	close(g.release)
	got := <-done
	if want := map[bool]int{true: http.StatusAccepted, false: http.StatusOK}[a.can(finalStatus)]; got.StatusCode != want {
		t.Errorf("final status: got %d, want %d", got.StatusCode, want)
	}
	got.wantCookies(t, 1)
	if data, ok := r.data(c); !ok || data.N != 5 || got.text != "done" {
		t.Errorf("got %q and %+v, %v, want done and N=5", got.text, data, ok)
	}
	if !a.can(interim) && len(hints) != 0 {
		t.Error("the router sent 103: want it told in the table that it can")
	}
}

// wantPanic checks the router's answer to a panic.
func wantPanic(t *testing.T, a *adapter, got *response, err error) {
	t.Helper()
	if a.panics == 0 {
		if err == nil {
			t.Errorf("got %d, want a dropped connection", got.StatusCode)
		}
		return
	}
	if err != nil {
		t.Fatalf("got %v, want %d", err, a.panics)
	}
	got.wantStatus(t, a.panics)
	got.wantHeader(t, "Set-Cookie")
	if (got.StatusCode < 400) == a.can(panicAnswer) {
		t.Errorf("status: got %d, but the table says %v", got.StatusCode, a.can(panicAnswer))
	}
}

func panics(t *testing.T, a *adapter) {
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		huma.Post(api, "/bare", func(context.Context, *struct{}) (*struct{}, error) { panic("on purpose") })
	})
	c := r.signedIn(account{ID: "ada"})
	t.Run("without a session in the operation", func(t *testing.T) {
		got, err := c.try("POST", "/bare", "")
		wantPanic(t, a, got, err)
	})
	for _, tt := range []struct {
		name string
		do   handler[account]
	}{
		{"after Start", start(account{ID: "eve"})},
		{"after Update", increment},
		{"after Renew", renew[account]},
		{"after Destroy", destroy[account]},
		{"after a Start that was written", func(ctx context.Context, s *humasess.Session[account]) error {
			return errors.Join(s.Destroy(), s.Commit(ctx), s.Start(account{ID: "eve"}), s.Commit(ctx))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := c.token()
			key := r.keep(func(ctx context.Context, s *humasess.Session[account]) error {
				if err := tt.do(ctx, s); err != nil {
					t.Errorf("before the panic: %v", err)
				}
				panic("on purpose")
			})
			got, err := c.try("POST", "/call", "", header("X-Call", key))
			wantPanic(t, a, got, err)
			if c.token() != before {
				t.Error("cookie: got a new one, want none")
			}
			if infos, err := r.sessions.List(context.Background(), "eve"); err != nil || len(infos) != 0 {
				t.Errorf("sessions of the panic: got %+v, %v, want none", infos, err)
			}
			data, active := r.data(c)
			if written := strings.Contains(tt.name, "written"); active == written || data.N != 0 {
				t.Errorf("session: got %+v, %v, want it as it was unless it was written", data, active)
			}
		})
	}
}

func latePanics(t *testing.T, a *adapter) {
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		huma.Post(api, "/late", func(_ context.Context, in *loginOnly) (*huma.StreamResponse, error) {
			err := in.Session.Start(account{ID: "ada"})
			return &huma.StreamResponse{Body: func(ctx huma.Context) {
				_, _ = io.WriteString(ctx.BodyWriter(), "begun")
				panic("on purpose")
			}}, err
		})
	})
	c := r.client()
	_, _ = c.try("POST", "/late", "")
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || len(infos) != 1 {
		t.Errorf("sessions: got %+v, %v, want the one whose cookie went out with the first byte", infos, err)
	}
}
