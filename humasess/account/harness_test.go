package account_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// user has fields that the API shows, and fields that it must not show.
type user struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Device string `json:"device"`
	Secret string `json:"secret"`
}

// profile is the part of a user that the API shows.
type profile struct {
	Name string `json:"name" example:"Ada"`
}

type options = account.Options[user, profile]

func view(u user) profile { return profile{Name: u.Name} }

// unused is the lifetime of a session without a request. It is the idle timeout and
// a tenth of it.
const unused = 33 * time.Minute

// rig is an API with the operations, on a store that counts calls and can fail.
type rig struct {
	t        *testing.T
	clock    *humasesstest.Clock
	store    *humasesstest.Store
	sessions *humasess.Manager[user]
	api      huma.API
	mux      *http.ServeMux
}

// bareRig returns a rig with a manager on its API, but without operations.
func bareRig(t *testing.T) *rig {
	t.Helper()
	return rigWith(t, humasess.Options[user]{})
}

// rigWith returns a rig without operations, for a manager with these options.
func rigWith(t *testing.T, o humasess.Options[user]) *rig {
	t.Helper()
	r := &rig{t: t, clock: humasesstest.NewClock(), store: humasesstest.Wrap(memory.New(nil)), mux: http.NewServeMux()}
	var err error
	o.Identity = func(u user) string { return u.ID }
	o.Now, o.Logger = r.clock.Now, slog.New(slog.DiscardHandler)
	if r.sessions, err = humasess.New(r.store, &o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.sessions.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	r.api = humago.New(r.mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := r.sessions.Attach(r.api); err != nil {
		t.Fatal(err)
	}
	return r
}

// newRig returns a rig with all operations, and adds a View to the options.
func newRig(t *testing.T, o options) *rig {
	t.Helper()
	r := bareRig(t)
	r.register(o)
	return r
}

func (r *rig) register(o options) {
	r.t.Helper()
	o.View = view
	if err := account.Register(r.api, r.sessions, &o); err != nil {
		r.t.Fatalf("Register: %v", err)
	}
}

func (r *rig) client() *humasesstest.Client { return humasesstest.NewClient(r.mux) }

// signedIn returns a client with a session of its own. It advances the clock by a
// second, so that sessions have an order.
func (r *rig) signedIn(id, device string) *humasesstest.Client {
	r.t.Helper()
	r.clock.Advance(time.Second)
	c := r.client()
	c.SetCookie(humasesstest.Login(r.t, r.sessions, user{ID: id, Name: "Name of " + id, Device: device, Secret: "s3cr3t"}))
	return c
}

// do sends a request, and fails the test unless the answer has the status.
func do(t *testing.T, c *humasesstest.Client, method, path string, want int) *httptest.ResponseRecorder {
	t.Helper()
	w := c.Do(method, path, nil)
	if w.Code != want {
		t.Fatalf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	return w
}

// decoded returns the body of an answer as V.
func decoded[V any](t *testing.T, w *httptest.ResponseRecorder) V {
	t.Helper()
	var v V
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("body %s: %v", w.Body, err)
	}
	return v
}

// idOf returns the public ID of the client's session.
func idOf(t *testing.T, c *humasesstest.Client) string {
	t.Helper()
	return decoded[account.AccountCurrentSession[profile]](t, do(t, c, "GET", "/session", 200)).ID
}

// cookieName is the name of the session cookie with the zero Options.
const cookieName = "__Host-id"

func token(c *humasesstest.Client) string { return c.Cookie(cookieName) }
