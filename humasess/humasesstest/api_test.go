package humasesstest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

type user struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles"`
}

type admin struct{}

var _ interface{ Roles() []string } = admin{}

func (admin) Roles() []string { return []string{"admin"} }

type owner struct{}

func (owner) Check(ctx huma.Context, u user) error {
	if ctx.Param("id") != u.ID {
		return huma.Error403Forbidden("not yours")
	}
	return nil
}

var _ humasess.Guard[user] = owner{}

type (
	loginInput struct {
		humasess.Login[user]
		Body struct{ Name string }
	}
	homeInput  struct{ humasess.Session[user] }
	meInput    struct{ humasess.Required[user] }
	adminInput struct{ humasess.Guarded[user, admin] }
	ownerInput struct {
		humasess.Guarded[user, owner]
		ID    string `path:"id"`
		Count int    `path:"count" minimum:"3"`
	}
	writeInput struct {
		humasess.Required[user]
		Body struct{ Text string }
	}
	output struct{ Body struct{ OK bool } }
)

// public is the mark of operations without a session.
var public = []map[string][]string{}

// fixture is an API with every kind of operation, and a record of its calls.
type fixture struct {
	api      huma.API
	mux      *http.ServeMux
	sessions *humasess.Manager[user]
	called   map[string]int
}

// quiet is a configuration whose store failures and refusals are not logged.
func quietOptions() *humasess.Options[user] {
	return &humasess.Options[user]{
		Identity: func(u user) string { return u.ID },
		Roles:    func(u user) []string { return u.Roles },
		Logger:   slog.New(slog.DiscardHandler),
	}
}

func newFixture(t *testing.T, opts *humasess.Options[user]) *fixture {
	t.Helper()
	f := &fixture{mux: http.NewServeMux(), called: map[string]int{}}
	f.api = humago.New(f.mux, huma.DefaultConfig("Test", "1.0.0"))
	var err error
	if f.sessions, err = humasess.New(memory.New(nil), opts); err != nil {
		t.Fatal(err)
	}
	if err := f.sessions.Attach(f.api); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) register() *fixture {
	handle(f, http.MethodPost, "/login", nil, func(in *loginInput) error { return in.Session.Start(user{ID: in.Body.Name}) })
	handle(f, http.MethodGet, "/home", nil, func(*homeInput) error { return nil })
	handle(f, http.MethodGet, "/me", nil, func(*meInput) error { return nil })
	handle(f, http.MethodGet, "/admin", nil, func(*adminInput) error { return nil })
	handle(f, http.MethodDelete, "/things/{id}/{count}", nil, func(*ownerInput) error { return nil })
	handle(f, http.MethodPut, "/notes", nil, func(*writeInput) error { return nil })
	handle(f, http.MethodPost, "/logout", nil, func(in *homeInput) error { return in.Session.Destroy() })
	handle(f, http.MethodGet, "/health", public, func(*struct{}) error { return nil })
	group := huma.NewGroup(f.api, "/staff")
	group.UseSimpleModifier(f.sessions.Require("staff"))
	handleOn(f, group, http.MethodGet, "/rota", nil, func(*struct{}) error { return nil })
	sse.Register(f.api, huma.Operation{OperationID: "get-events", Method: http.MethodGet, Path: "/events"},
		map[string]any{"tick": output{}}, func(ctx context.Context, _ *homeInput, send sse.Sender) {
			f.called["get-events"]++
			var err error
			for err == nil {
				err = send.Data(output{})
			}
			<-ctx.Done()
		})
	return f
}

// handle registers an operation that counts its calls.
func handle[I any](f *fixture, method, path string, security []map[string][]string, do func(*I) error) {
	handleOn(f, f.api, method, path, security, do)
}

func handleOn[I any](f *fixture, api huma.API, method, path string, security []map[string][]string, do func(*I) error) {
	id := huma.GenerateOperationID(method, path, &output{})
	huma.Register(api, huma.Operation{OperationID: id, Method: method, Path: path, Security: security},
		func(_ context.Context, in *I) (*output, error) {
			f.called[id]++
			return &output{}, do(in)
		})
}

// recorder replaces a *testing.T that is expected to fail.
type recorder struct {
	testing.TB
	errors []string
	logs   []string
}

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func (r *recorder) mentions(all []string, parts ...string) bool {
	for _, text := range all {
		found := true
		for _, part := range parts {
			found = found && strings.Contains(text, part)
		}
		if found {
			return true
		}
	}
	return false
}

// within fails a test that hangs, with a description of the wait.
func within(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: still waiting", what)
	}
}
