package sdk_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// User is the data of a session.
type User struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles"`
}

// Admin guards operations for administrators.
type Admin struct{}

// Roles are required of the session, and documented.
func (Admin) Roles() []string { return []string{"admin"} }

// Inputs and outputs of an API in which a client chooses between a cookie and a
// bearer token.
type (
	CredentialsInput struct {
		humasess.Login[User]
		Body struct {
			Name     string `json:"name" example:"ada"`
			Password string `json:"password" example:"engine"`
		}
	}
	UserInput   struct{ humasess.Required[User] }
	AdminInput  struct{ humasess.Guarded[User, Admin] }
	AnyoneInput struct{ humasess.Session[User] }
	UserOutput  struct{ Body User }
	TokenOutput struct{ Body humasess.BearerToken }
	ListOutput  struct{ Body []humasess.Info[User] }
)

// passwords are those of the quickstart.
var passwords = map[string]User{
	"ada engine":     {ID: "ada", Roles: []string{"admin"}},
	"grace compiler": {ID: "grace", Roles: []string{}},
}

// start makes a session of the user with that name and password.
func (in *CredentialsInput) start(start func(User) error) error {
	user, ok := passwords[in.Body.Name+" "+in.Body.Password]
	if !ok {
		return huma.Error401Unauthorized("wrong name or password")
	}
	return start(user)
}

// startTokens serves the quickstart with bearer tokens, on a clock that the test
// moves.
func startTokens(t *testing.T) (url string, clock *humasesstest.Clock) {
	t.Helper()
	clock = humasesstest.NewClock()
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		Roles:    func(u User) []string { return u.Roles },
		Cookie:   humasess.CookieOptions{Name: "quickstart", InsecureAllowHTTP: true},
		Bearer:   &humasess.BearerOptions{},
		Now:      clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sessions.Close(context.Background()) })
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Tokens", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *CredentialsInput) (*struct{}, error) {
		return nil, in.start(in.Session.Start)
	})
	huma.Post(api, "/token", func(_ context.Context, in *CredentialsInput) (*TokenOutput, error) {
		var out TokenOutput
		return &out, in.start(func(u User) (err error) {
			out.Body, err = in.Session.StartBearer(u)
			return err
		})
	})
	huma.Post(api, "/token/renewal", func(_ context.Context, in *UserInput) (*TokenOutput, error) {
		token, err := in.Session.RenewBearer()
		return &TokenOutput{Body: token}, err
	})
	huma.Post(api, "/step-up", func(_ context.Context, in *UserInput) (*struct{}, error) {
		return nil, in.Session.Reauthenticated("pwd") // the new token is in the header Session-Token
	}, humasess.Renews)
	huma.Get(api, "/me", func(_ context.Context, in *UserInput) (*UserOutput, error) {
		return &UserOutput{Body: in.Value()}, nil
	})
	huma.Get(api, "/sessions", func(ctx context.Context, in *UserInput) (*ListOutput, error) {
		all, err := in.Session.List(ctx)
		return &ListOutput{Body: all}, err
	})
	huma.Get(api, "/admin", func(_ context.Context, in *AdminInput) (*UserOutput, error) {
		return &UserOutput{Body: in.Value()}, nil
	})
	huma.Post(api, "/logout", func(_ context.Context, in *AnyoneInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, clock
}
