package e2e_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// disconnectBehaviours are about clients that hang up.
var disconnectBehaviours = []behaviour{
	{"X10 a client that leaves before the handler", leavesBefore},
	{"X10 a client that leaves while its session is loaded", leavesInLoad},
	{"X10 a client that leaves while the handler runs loses nothing", leavesDuring},
	{"X10 a client that leaves during the commit loses nothing", leavesInCommit},
	{"X10 a client that leaves a stream", leavesStream},
	{"X10 a client that leaves server-sent events", leavesEvents},
	{"X10 a client that leaves on HTTP/2 loses nothing", leavesHTTP2},
}

// watched returns a rig that reports when the outermost middleware returns, for
// the operation that the client leaves.
func watched(t *testing.T, a *adapter, ops func(*rig[account], huma.API)) (r *rig[account], returned chan struct{}) {
	t.Helper()
	returned = make(chan struct{})
	var once sync.Once
	r = newRig(t, a, setup[account]{opts: accountOptions(), ops: ops, before: func(api huma.API) {
		api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
			leaves := ctx.Header("X-Leaves") != ""
			defer func() {
				if leaves {
					once.Do(func() { close(returned) })
				}
			}()
			next(ctx)
		})
	}})
	return r, returned
}

func leavesBefore(t *testing.T, a *adapter) {
	r, returned := watched(t, a, func(_ *rig[account], api huma.API) {
		huma.Post(api, "/body", func(context.Context, *struct {
			humasess.Required[account]
			Body struct{ Name string }
		}) (*struct{}, error) {
			t.Error("the handler ran without its body")
			return nil, nil
		})
	})
	c := r.signedIn(account{ID: "ada"})
	loaded := make(chan struct{})
	var once sync.Once
	r.store.After(humasesstest.OpLoad, func(context.Context) error { once.Do(func() { close(loaded) }); return nil })
	conn := c.dial()
	_, err := io.WriteString(conn, c.head("POST", "/body", "X-Leaves: yes", "Content-Type: application/json", "Content-Length: 1000")+`{"Name":"`)
	if err != nil {
		t.Fatal(err)
	}
	if a.can(unreadBody) {
		wait(t, "load", loaded)
	}
	_ = conn.Close()
	if a.can(unreadBody) {
		wait(t, "end of the request", returned)
	}
	r.wantActive(c, true)
}

func leavesDuring(t *testing.T, a *adapter) {
	r, returned := watched(t, a, nil)
	for _, tt := range []struct {
		name, path string
		do         handler[account]
	}{
		{"update", "/required", increment},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := r.signedIn(account{ID: "ada"})
			g := newGate()
			key := r.keep(func(ctx context.Context, s *humasess.Session[account]) error {
				if !g.pass() {
					t.Error("the handler was never released")
				}
				if a.can(cancelling) && !waited(ctx.Done()) {
					t.Error("the request's context never ended")
				}
				if !a.can(cancelling) && ctx.Err() != nil {
					t.Errorf("the request's context: got %v, want it told in the table that it ends", ctx.Err())
				}
				return tt.do(ctx, s)
			})
			conn := c.dial()
			if _, err := io.WriteString(conn, c.head("POST", tt.path, "X-Leaves: yes", "X-Call: "+key, "Content-Length: 0")); err != nil {
				t.Fatal(err)
			}
			wait(t, "handler", g.entered)
			_ = conn.Close()
			close(g.release)
			wait(t, "end of the request", returned)
			if got, ok := r.data(c); !ok || got.N != 1 {
				t.Errorf("data: got %+v, %v, want N=1", got, ok)
			}
		})
	}
}

func leavesInCommit(t *testing.T, a *adapter) {
	for _, tt := range []struct {
		name  string
		op    humasesstest.Op
		do    handler[account]
		check func(*testing.T, *rig[account], *client)
	}{
		{"update", humasesstest.OpUpdate, increment, func(t *testing.T, r *rig[account], c *client) {
			if got, ok := r.data(c); !ok || got.N != 1 {
				t.Errorf("data: got %+v, %v, want N=1", got, ok)
			}
		}},
		{"logout", humasesstest.OpDelete, destroy[account], func(t *testing.T, r *rig[account], c *client) { r.wantActive(c, false) }},
		{"login", humasesstest.OpCreate, start(account{ID: "bob"}), func(t *testing.T, r *rig[account], c *client) {
			r.wantActive(c, false)
			if infos, err := r.sessions.List(context.Background(), "bob"); err != nil || len(infos) != 1 {
				t.Errorf("sessions: got %+v, %v, want bob's", infos, err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, returned := watched(t, a, nil)
			c := r.signedIn(account{ID: "ada"})
			entered, release := r.store.Hold(tt.op)
			conn := c.dial()
			if _, err := io.WriteString(conn, c.head("POST", "/call", "X-Leaves: yes", "X-Call: "+r.keep(tt.do), "Content-Length: 0")); err != nil {
				t.Fatal(err)
			}
			wait(t, "commit", entered)
			_ = conn.Close()
			release()
			wait(t, "end of the request", returned)
			tt.check(t, r, c)
		})
	}
}

func leavesStream(t *testing.T, a *adapter) {
	r, returned := watched(t, a, func(_ *rig[account], api huma.API) {
		huma.Get(api, "/endless", func(_ context.Context, in *meInput) (*huma.StreamResponse, error) {
			err := in.Session.Update(func(a *account) error { a.N++; return nil })
			return &huma.StreamResponse{Body: func(ctx huma.Context) {
				w := ctx.BodyWriter()
				for range 1000 { // more than all buffers hold
					if _, err := io.WriteString(w, strings.Repeat("x", 16<<10)); err != nil {
						return
					}
				}
			}}, err
		})
	})
	c := r.signedIn(account{ID: "ada"})
	conn := c.dial()
	if _, err := io.WriteString(conn, c.head("GET", "/endless", "X-Leaves: yes")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Errorf("beginning of the stream: %v", err)
	}
	_ = conn.Close()
	wait(t, "end of the request", returned)
	if got, ok := r.data(c); !ok || got.N != 1 {
		t.Errorf("data: got %+v, %v, want N=1", got, ok)
	}
	c.do("GET", "/nowhere", "").wantStatus(t, http.StatusNotFound)
}

func leavesInLoad(t *testing.T, a *adapter) {
	r, returned := watched(t, a, nil)
	c := r.signedIn(account{ID: "ada"})
	entered, release := r.store.Hold(humasesstest.OpLoad)
	conn := c.dial()
	if _, err := io.WriteString(conn, c.head("POST", "/call", "X-Leaves: yes", "X-Call: "+r.keep(nothing[account]), "Content-Length: 0")); err != nil {
		t.Fatal(err)
	}
	wait(t, "load", entered)
	_ = conn.Close()
	release()
	wait(t, "end of the request", returned)
	r.wantActive(c, true)
}

func leavesEvents(t *testing.T, a *adapter) {
	ended := make(chan struct{})
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		op := huma.Operation{OperationID: "sse", Method: http.MethodGet, Path: "/events"}
		sse.Register(api, op, map[string]any{"account": account{}}, func(ctx context.Context, in *meInput, send sse.Sender) {
			defer close(ended)
			event := account{Note: strings.Repeat("x", 16<<10)}
			for range 1000 { // more than all buffers hold
				if in.Active(); send.Data(event) != nil || ctx.Err() != nil {
					return
				}
			}
			t.Error("the handler never heard that the client is gone")
		})
	})
	c := r.signedIn(account{ID: "ada"})
	r.clock.Advance(accountIdleTenth)
	conn := c.dial()
	if _, err := io.WriteString(conn, c.head("GET", "/events")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Errorf("beginning of the stream: %v", err)
	}
	_ = conn.Close()
	wait(t, "end of the events", ended)
	if calls := r.store.Calls(); calls[humasesstest.OpTouch] != 1 {
		t.Errorf("store calls: got %v, want the extension, written before the stream", calls)
	}
	r.wantActive(c, true)
}

func leavesHTTP2(t *testing.T, a *adapter) {
	if !a.can(httpTwo) {
		http2(t, a)
		return
	}
	two := *a
	two.overHTTP2 = true
	r, returned := watched(t, &two, nil)
	c := r.signedIn(account{ID: "ada"})
	g := newGate()
	key := r.keep(func(ctx context.Context, s *humasess.Session[account]) error {
		if !g.pass() || !waited(ctx.Done()) {
			t.Error("the handler was never released, or the request's context never ended")
		}
		return increment(ctx, s)
	})
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	gone := make(chan error, 1)
	req := c.request(ctx, "POST", "/call", "", header("X-Leaves", "yes"), header("X-Call", key))
	go func() {
		res, err := c.http.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		gone <- err
	}()
	wait(t, "handler", g.entered)
	leave()
	if err := <-gone; err == nil {
		t.Error("got a response, want none: the client has left")
	}
	close(g.release)
	wait(t, "end of the request", returned)
	// The connection is still there for other requests.
	if got, ok := r.data(c); !ok || got.N != 1 {
		t.Errorf("data: got %+v, %v, want N=1", got, ok)
	}
}
