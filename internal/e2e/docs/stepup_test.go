package docs_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// docs: begin guard
type Recent struct{}

func (Recent) Fresh() time.Duration { return 5 * time.Minute }

type (
	TransferInput struct{ humasess.Guarded[User, Recent] }
	ProveInput    struct {
		humasess.Required[User]

		Body struct{ Password string }
	}
)

// docs: end

func passwordIs(ctx context.Context, name, password string) bool {
	_, err := authenticate(ctx, name, password)
	return err == nil
}

// TestStepUp runs the blocks of docs/step-up.md.
func TestStepUp(t *testing.T) {
	api, sessions := newAPI(t)
	huma.Post(api, "/transfer", func(context.Context, *TransferInput) (*struct{}, error) { return &struct{}{}, nil })
	// docs: begin prove
	huma.Post(api, "/prove", func(ctx context.Context, in *ProveInput) (*struct{}, error) {
		if !passwordIs(ctx, in.Value().ID, in.Body.Password) {
			return nil, huma.Error403Forbidden("wrong password")
		}
		return nil, in.Session.Reauthenticated("pwd") // a new token, and both timeouts begin anew
	}, humasess.Renews) // the document lists the headers with the new token
	// docs: end
	client := humasesstest.NewClient(api.Adapter())
	client.SetCookie(humasesstest.Login(t, sessions, User{ID: "ada"}, humasesstest.Authenticated(6*time.Minute, "pwd")))
	for _, step := range []struct {
		path, password string
		want           int
	}{
		{"/transfer", "", http.StatusForbidden},
		{"/prove", "wrong", http.StatusForbidden},
		{"/transfer", "", http.StatusForbidden},
		{"/prove", "engine", http.StatusNoContent},
		{"/transfer", "", http.StatusNoContent},
	} {
		got := client.Do("POST", step.path, map[string]string{"Password": step.password})
		if got.Code != step.want {
			t.Errorf("%s %s: got %d, want %d", step.path, step.password, got.Code, step.want)
		}
		if refused := strings.Contains(got.Body.String(), "urn:humasess:problem:reauthentication-required"); refused != (step.path == "/transfer" && step.want == http.StatusForbidden) {
			t.Errorf("%s %s: got %s", step.path, step.password, got.Body)
		}
	}
}
