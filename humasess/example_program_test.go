package humasess_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

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

// The inputs of the operations say which session each requires.
type (
	LoginInput struct {
		humasess.Login[User]
		Body struct{ Name, Password string }
	}
	MeInput    struct{ humasess.Required[User] }
	AdminInput struct {
		humasess.Guarded[User, AdminOnly]
	}
	LogoutInput struct{ humasess.Session[User] }
	MeOutput    struct{ Body User }
)

// AdminOnly guards operations for administrators.
type AdminOnly struct{}

// Roles are required of the session, and documented.
func (AdminOnly) Roles() []string { return []string{"admin"} }

// register adds the operations to an API.
func register(api huma.API) error {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		Roles:    func(u User) []string { return u.Roles },
	})
	if err != nil {
		return err
	}
	if err := sessions.Attach(api); err != nil {
		return err
	}
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		if in.Body.Password != "engine" { // compare with a hashed password here
			return nil, huma.Error401Unauthorized("wrong name or password")
		}
		return nil, in.Session.Start(User{ID: in.Body.Name, Roles: []string{}})
	})
	huma.Get(api, "/me", func(_ context.Context, in *MeInput) (*MeOutput, error) {
		return &MeOutput{Body: in.Value()}, nil
	})
	huma.Get(api, "/admin", func(_ context.Context, in *AdminInput) (*MeOutput, error) {
		return &MeOutput{Body: in.Value()}, nil
	})
	huma.Post(api, "/logout", func(_ context.Context, in *LogoutInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	return nil
}

// A complete program has a login, two operations for users and a logout. It ends with
// http.ListenAndServe in place of the client of this example.
func Example() {
	mux := http.NewServeMux()
	if err := register(humago.New(mux, huma.DefaultConfig("Example", "1.0.0"))); err != nil {
		log.Fatal(err)
	}

	client := humasesstest.NewClient(mux)
	fmt.Println("me:", client.Do("GET", "/me", nil).Code)
	fmt.Println("login:", client.Do("POST", "/login", map[string]string{"Name": "ada", "Password": "engine"}).Code)
	fmt.Println("me:", client.Do("GET", "/me", nil).Code)
	fmt.Println("admin:", client.Do("GET", "/admin", nil).Code)
	thief := client.Clone()
	fmt.Println("logout:", client.Do("POST", "/logout", nil).Code)
	fmt.Println("old cookie:", thief.Do("GET", "/me", nil).Code)
	// Output:
	// me: 401
	// login: 204
	// me: 200
	// admin: 403
	// logout: 204
	// old cookie: 401
}
