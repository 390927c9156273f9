package account_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/stores/memory"
)

func TestRegisterRefuses(t *testing.T) {
	edit := func(name account.Operation, change func(*huma.Operation)) *options {
		return &options{View: view, Edit: func(n account.Operation, op *huma.Operation) {
			if n == name {
				change(op)
			}
		}}
	}
	tests := []struct {
		name string
		opts *options
		want string
	}{
		{"no options", nil, "View is nil"},
		{"no view", &options{}, "View is nil"},
		{"unknown operation", &options{View: view, Omit: []account.Operation{"whoami"}}, `"whoami", which is not an operation`},
		{"negative Fresh", &options{View: view, Fresh: -time.Second}, "Fresh is -1s; it must not be negative"},
		{"negative MaxListed", &options{View: view, MaxListed: -1}, "MaxListed is -1; it must not be negative"},
		{"Watch without watch-session", &options{View: view, Watch: true, Omit: []account.Operation{account.Watch}}, "Omit contains watch-session"},
		{"MaxListed without a list", &options{View: view, MaxListed: 5, Omit: []account.Operation{account.List}}, "Omit contains list-sessions"},
		{"Label without a list", &options{
			View: view, Label: func(humasess.Info[user]) string { return "" }, Omit: []account.Operation{account.List},
		}, "Omit contains list-sessions"},
		{"Fresh for no operation", &options{
			View: view, Fresh: time.Minute, Omit: []account.Operation{account.Revoke, account.RevokeOthers, account.SignOutEverywhere},
		}, "Fresh is 1m0s"},
		{"R15 sign-out by GET", edit(account.SignOut, func(op *huma.Operation) { op.Method = "GET" }), `method of sign-out to "GET"`},
		{"R15 sign-out everywhere by HEAD", edit(account.SignOutEverywhere, func(op *huma.Operation) { op.Method = "HEAD" }), `method of sign-out-everywhere to "HEAD"`},
		{"R15 revoking by GET", edit(account.Revoke, func(op *huma.Operation) { op.Method = "GET" }), `method of revoke-session to "GET"`},
		{"R15 revoking others by OPTIONS", edit(account.RevokeOthers, func(op *huma.Operation) { op.Method = "OPTIONS" }), `method of revoke-other-sessions to "OPTIONS"`},
		{"path without an ID", edit(account.Revoke, func(op *huma.Operation) { op.Path = "/devices/{device}" }), "must contain {id}"},
		{"no operation ID", edit(account.List, func(op *huma.Operation) { op.OperationID = "" }), "without an operation ID"},
		{"operation ID twice", edit(account.List, func(op *huma.Operation) { op.OperationID = "get-session" }),
			`already has an operation "get-session"; give list-sessions or get-session another ID`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := bareRig(t)
			err := account.Register(r.api, r.sessions, tt.opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "account: ") {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}

	for name, prepare := range map[string]func(r *rig, o *options){
		"AccountSessionList":           func(r *rig, _ *options) { answers[AccountSessionList](r) },
		"AccountRevokedSessions":       func(r *rig, _ *options) { answers[AccountRevokedSessions](r) },
		"AccountCurrentSessionProfile": func(r *rig, _ *options) { answers[AccountCurrentSessionProfile](r) },
		"Profile":                      func(r *rig, _ *options) { answers[Profile](r) },
		"AccountSessionEnded":          func(r *rig, o *options) { answers[AccountSessionEnded](r); o.Watch = true },
	} {
		t.Run("the document has a schema "+name, func(t *testing.T) {
			r := bareRig(t)
			o := &options{View: view}
			prepare(r, o)
			paths, schemas := len(r.api.OpenAPI().Paths), slices.Sorted(maps.Keys(r.api.OpenAPI().Components.Schemas.Map()))
			err := account.Register(r.api, r.sessions, o)
			if err == nil || !strings.HasPrefix(err.Error(), "account: ") || !strings.Contains(err.Error(), "duplicate name: "+name) {
				t.Fatalf("got error %v, want one that names %s", err, name)
			}
			if after := len(r.api.OpenAPI().Paths); after != paths {
				t.Errorf("got %d paths after the error, want the %d of before", after, paths)
			}
			if after := slices.Sorted(maps.Keys(r.api.OpenAPI().Components.Schemas.Map())); !slices.Equal(after, schemas) {
				t.Errorf("got the schemas %q after the error, want %q", after, schemas)
			}
			o.Watch = false
			o.Omit = []account.Operation{account.Get, account.List, account.RevokeOthers, account.SignOutEverywhere}
			if err := account.Register(r.api, r.sessions, o); err != nil {
				t.Errorf("got error %v without the operations that clash, want none", err)
			}
		})
	}

	for name, own := range map[string]huma.Operation{
		`operation "list-sessions"; omit list-sessions with Options.Omit`: {OperationID: "list-sessions", Method: "GET", Path: "/mine"},
		"operation GET /sessions; omit list-sessions with Options.Omit":   {OperationID: "mine", Method: "GET", Path: "/sessions"},
	} {
		t.Run("the document has an "+name, func(t *testing.T) {
			r := bareRig(t)
			huma.Register(r.api, own, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
			before := len(r.api.OpenAPI().Paths)
			if err := account.Register(r.api, r.sessions, &options{View: view}); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got error %v, want one with %q", err, name)
			}
			if after := len(r.api.OpenAPI().Paths); after != before {
				t.Errorf("got %d paths after the error, want the %d of before", after, before)
			}
		})
	}

	newManager := func(t *testing.T, opts *humasess.Options[user]) *humasess.Manager[user] {
		t.Helper()
		m, err := humasess.New(memory.New(nil), opts)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	t.Run("no manager", func(t *testing.T) {
		api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1"))
		err := account.Register(api, (*humasess.Manager[user])(nil), &options{View: view})
		if err == nil || !strings.Contains(err.Error(), "nil manager") {
			t.Errorf("got error %v, want one about the manager", err)
		}
	})
	t.Run("a manager that is not attached", func(t *testing.T) {
		api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1"))
		m := newManager(t, &humasess.Options[user]{Identity: func(u user) string { return u.ID }})
		err := account.Register(api, m, &options{View: view})
		if err == nil || !strings.Contains(err.Error(), "before Attach") {
			t.Errorf("got error %v, want one about Attach", err)
		}
	})
	t.Run("a manager without identities", func(t *testing.T) {
		api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1"))
		m := newManager(t, nil)
		if err := m.Attach(api); err != nil {
			t.Fatal(err)
		}
		err := account.Register(api, m, &options{View: view, Omit: []account.Operation{account.Get}})
		if err == nil || !strings.Contains(err.Error(), "list-sessions finds a user's sessions by Options.Identity") {
			t.Errorf("got error %v, want one about Identity", err)
		}
		err = account.Register(api, m, &options{View: view, Omit: []account.Operation{
			account.List, account.Revoke, account.RevokeOthers, account.SignOutEverywhere,
		}})
		if err != nil {
			t.Errorf("got error %v for operations that need none, want none", err)
		}
	})
}

func TestRegisterLeavesNoTrace(t *testing.T) {
	r := newRig(t, options{})
	hooks := len(r.api.OpenAPI().OnAddOperation)
	group := huma.NewGroup(r.api, "/more")
	o := &options{View: view, Edit: func(_ account.Operation, op *huma.Operation) { op.OperationID += "-more" }}
	if err := account.Register(group, r.sessions, o); err != nil {
		t.Fatal(err)
	}
	if got := len(r.api.OpenAPI().OnAddOperation); got != hooks {
		t.Errorf("got %d hooks on the document, want %d as before", got, hooks)
	}
}

// Types of a program with the names of schemas that Register adds.
type (
	AccountSessionList           struct{ Bank string }
	AccountRevokedSessions       struct{ Bank string }
	AccountCurrentSessionProfile struct{ Bank string }
	AccountSessionEnded          struct{ Bank string }
)

// answers registers an operation of the program that answers with B.
func answers[B any](r *rig) {
	huma.Get(r.api, "/bank", func(context.Context, *struct{}) (*struct{ Body B }, error) { return nil, nil })
}
