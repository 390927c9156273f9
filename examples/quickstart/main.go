// Quickstart is a small API with sessions. It has login, me, the list of a user's
// sessions, admin, logout, and huma's docs page. Run it and try the commands that
// it prints.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

// User is the data of a session.
type User struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles"`
}

// LoginInput is the input of a public operation that starts a session.
type LoginInput struct {
	humasess.Login[User]
	Body struct {
		Name     string `json:"name" example:"ada"`
		Password string `json:"password" example:"engine"`
	}
}

// Inputs of the other operations differ in their requirements.
type (
	HomeInput  struct{ humasess.Session[User] }
	MeInput    struct{ humasess.Required[User] }
	AdminInput struct{ humasess.Guarded[User, Admin] }
)

// MeOutput shows the session's data.
type MeOutput struct{ Body User }

// Device is the part of a session that its user sees.
type Device struct {
	ID        string    `json:"id"`
	Current   bool      `json:"current"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// DevicesOutput shows where a user is signed in.
type DevicesOutput struct{ Body []Device }

// Admin guards operations for administrators.
type Admin struct{}

// Roles are required of the session, and documented.
func (Admin) Roles() []string { return []string{"admin"} }

// accounts stands for a database with hashed passwords.
var accounts = map[string]struct {
	password string
	roles    []string
}{
	"ada":   {"engine", []string{"admin"}},
	"grace": {"compiler", []string{}},
}

func register(api huma.API) error {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		Roles:    func(u User) []string { return u.Roles },
		// For plain http on localhost, whose ports share their cookies. Leave it out in production.
		Cookie: humasess.CookieOptions{Name: "quickstart", InsecureAllowHTTP: true},
	})
	if err != nil {
		return err
	}
	if err := sessions.Attach(api); err != nil {
		return err
	}
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		account, ok := accounts[in.Body.Name]
		if !ok || account.password != in.Body.Password {
			return nil, huma.Error401Unauthorized("wrong name or password")
		}
		return nil, in.Session.Start(User{ID: in.Body.Name, Roles: account.roles})
	})
	huma.Get(api, "/me", func(_ context.Context, in *MeInput) (*MeOutput, error) {
		return &MeOutput{Body: in.Value()}, nil
	})
	huma.Get(api, "/sessions", func(ctx context.Context, in *MeInput) (*DevicesOutput, error) {
		all, err := in.Session.List(ctx)
		out := &DevicesOutput{Body: make([]Device, len(all))}
		for i, s := range all {
			out.Body[i] = Device{s.ID, s.Current, s.CreatedAt, s.ExpiresAt}
		}
		return out, err
	})
	huma.Get(api, "/admin", func(_ context.Context, in *AdminInput) (*MeOutput, error) {
		return &MeOutput{Body: in.Value()}, nil
	})
	huma.Post(api, "/logout", func(_ context.Context, in *HomeInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	return nil
}

func main() {
	address := flag.String("listen", "localhost:8888", "where to serve")
	flag.Parse()
	router := chi.NewMux()
	if err := register(humachi.New(router, huma.DefaultConfig("Quickstart", "1.0.0"))); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatalf("%v\nChoose another address with -listen, for example -listen localhost:0", err)
	}
	fmt.Printf(`Docs page: http://%[1]s/docs

	curl -i -c jar -b jar %[1]s/login --json '{"name": "ada", "password": "engine"}'
	curl -i -b jar %[1]s/me
	curl -i -b jar %[1]s/sessions
	curl -i -b jar %[1]s/admin        # 403 for grace, whose password is compiler
	curl -i -c jar -b jar -X POST %[1]s/logout
	curl -i -b jar %[1]s/me           # 401
`, listener.Addr())
	log.Fatal(http.Serve(listener, router))
}
