package docs_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// docs: begin data
type Visitor struct {
	ID    string // of the user, "" before a sign-in
	Theme string
	Flash string // a message for the next page
}

type (
	VisitInput struct{ humasess.Session[Visitor] }
	ThemeInput struct {
		humasess.Session[Visitor]

		Body struct{ Theme string }
	}
)

// docs: end

// TestVisitors runs the blocks of docs/visitors.md.
func TestVisitors(t *testing.T) {
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("API", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Visitor]{Identity: func(v Visitor) string { return v.ID }})
	if err != nil || sessions.Attach(api) != nil {
		t.Fatal(err)
	}
	// docs: begin operations
	huma.Put(api, "/theme", func(ctx context.Context, in *ThemeInput) (*struct{}, error) {
		return nil, in.Session.Update(func(v *Visitor) error {
			v.Theme = in.Body.Theme // of the visitor, or of the user after a sign-in
			return nil
		})
	})
	huma.Post(api, "/logout", func(ctx context.Context, in *VisitInput) (*struct{}, error) {
		if err := in.Session.Destroy(); err != nil {
			return nil, err
		}
		return nil, in.Session.Update(func(v *Visitor) error { // a new session, without a user
			v.Flash = "You are signed out."
			return nil
		})
	})
	// docs: end
	type LoginInput struct{ humasess.Login[Visitor] }
	// docs: begin login
	huma.Post(api, "/login", func(ctx context.Context, in *LoginInput) (*struct{}, error) {
		user := Visitor{ID: "ada"} // after the password was checked
		if before, ok := in.Session.Get(); ok && before.ID == "" {
			user.Theme = before.Theme
		}
		return nil, in.Session.Start(user)
	})
	// docs: end
	huma.Get(api, "/", func(_ context.Context, in *VisitInput) (*struct{ Body Visitor }, error) {
		v, _ := in.Session.Get()
		return &struct{ Body Visitor }{v}, nil
	})
	client := humasesstest.NewClient(api.Adapter())
	for _, step := range []struct {
		method, path string
		body         any
		want         string
	}{
		{"PUT", "/theme", map[string]string{"Theme": "dark"}, `"ID":"","Theme":"dark","Flash":""`},
		{"POST", "/login", nil, `"ID":"ada","Theme":"dark","Flash":""`},
		{"PUT", "/theme", map[string]string{"Theme": "light"}, `"ID":"ada","Theme":"light","Flash":""`},
		{"POST", "/logout", nil, `"ID":"","Theme":"","Flash":"You are signed out."`},
	} {
		if got := client.Do(step.method, step.path, step.body); got.Code != http.StatusNoContent {
			t.Errorf("%s: got %d %s, want 204", step.path, got.Code, got.Body)
		}
		if got := client.Do("GET", "/", nil).Body.String(); !strings.Contains(got, step.want) {
			t.Errorf("after %s: got %s, want %s", step.path, got, step.want)
		}
	}
}
