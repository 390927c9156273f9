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

// Member is the data of sessions in the examples.
type Member struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles"`
}

// MemberOutput shows a session's data.
type MemberOutput struct{ Body Member }

// SignInInput is the input of the examples' login.
type SignInInput struct {
	humasess.Login[Member]
	Body Member
}

// memberAPI is an API with a login that believes everything, and a client
// that keeps cookies.
func memberAPI() (huma.API, *humasess.Manager[Member], *humasesstest.Client) {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Examples", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{
		Identity: func(m Member) string { return m.ID },
		Roles:    func(m Member) []string { return m.Roles },
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *SignInInput) (*struct{}, error) {
		return nil, in.Session.Start(in.Body)
	})
	return api, sessions, humasesstest.NewClient(mux)
}

func Example() {
	type (
		User struct {
			ID    string   `json:"id"`
			Roles []string `json:"roles"`
		}
		LoginInput struct {
			humasess.Login[User]
			Body struct{ Name, Password string }
		}
		MeInput     struct{ humasess.Required[User] }
		LogoutInput struct{ humasess.Session[User] }
		MeOutput    struct{ Body User }
	)
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Example", "1.0.0"))
	sessions, err := humasess.New[User](memory.New(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		if in.Body.Password != "engine" {
			return nil, huma.Error401Unauthorized("wrong name or password")
		}
		return nil, in.Session.Start(User{ID: in.Body.Name})
	})
	huma.Get(api, "/me", func(_ context.Context, in *MeInput) (*MeOutput, error) {
		return &MeOutput{Body: in.Value()}, nil
	})
	huma.Post(api, "/logout", func(_ context.Context, in *LogoutInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})

	client := humasesstest.NewClient(mux)
	fmt.Println("me:", client.Do("GET", "/me", nil).Code)
	fmt.Println("login:", client.Do("POST", "/login", map[string]string{"Name": "ada", "Password": "engine"}).Code)
	fmt.Println("me:", client.Do("GET", "/me", nil).Code)
	thief := client.Clone()
	fmt.Println("logout:", client.Do("POST", "/logout", nil).Code)
	fmt.Println("old cookie:", thief.Do("GET", "/me", nil).Code)
	// Output:
	// me: 401
	// login: 204
	// me: 200
	// logout: 204
	// old cookie: 401
}

func ExampleSession() {
	type HomeInput struct{ humasess.Session[Member] }
	type HomeOutput struct{ Body string }
	api, _, client := memberAPI()
	huma.Get(api, "/", func(_ context.Context, in *HomeInput) (*HomeOutput, error) {
		if m, ok := in.Session.Get(); ok {
			return &HomeOutput{Body: "hello " + m.ID}, nil
		}
		return &HomeOutput{Body: "hello stranger"}, nil
	})

	fmt.Print(client.Do("GET", "/", nil).Body)
	client.Do("POST", "/login", Member{ID: "ada"})
	fmt.Print(client.Do("GET", "/", nil).Body)
	// Output:
	// "hello stranger"
	// "hello ada"
}

func ExampleRequired() {
	type ProfileInput struct{ humasess.Required[Member] }
	api, _, client := memberAPI()
	huma.Get(api, "/profile", func(_ context.Context, in *ProfileInput) (*MemberOutput, error) {
		return &MemberOutput{Body: in.Value()}, nil
	})

	fmt.Println(client.Do("GET", "/profile", nil).Code)
	client.Do("POST", "/login", Member{ID: "ada"})
	fmt.Println(client.Do("GET", "/profile", nil).Code)
	fmt.Println(api.OpenAPI().Paths["/profile"].Get.Security)
	// Output:
	// 401
	// 200
	// [map[sessionCookie:[]]]
}

// ThingOwner admits the owner of a thing, if the owner is an editor.
type ThingOwner struct{}

// Roles are required before Check, and documented.
func (ThingOwner) Roles() []string { return []string{"editor"} }

// Check sees path parameters.
func (ThingOwner) Check(ctx huma.Context, m Member) error {
	if ctx.Param("owner") != m.ID {
		return huma.Error403Forbidden("not your thing")
	}
	return nil
}

func ExampleGuarded() {
	type ThingInput struct {
		humasess.Guarded[Member, ThingOwner]
		Owner string `path:"owner"`
	}
	api, _, client := memberAPI()
	huma.Delete(api, "/things/{owner}", func(context.Context, *ThingInput) (*struct{}, error) {
		return nil, nil
	})

	fmt.Println("no session:", client.Do("DELETE", "/things/ada", nil).Code)
	client.Do("POST", "/login", Member{ID: "ada", Roles: []string{"reader"}})
	fmt.Println("no editor:", client.Do("DELETE", "/things/ada", nil).Code)
	client.Do("POST", "/login", Member{ID: "ada", Roles: []string{"editor"}})
	fmt.Println("another's:", client.Do("DELETE", "/things/grace", nil).Code)
	fmt.Println("her own:", client.Do("DELETE", "/things/ada", nil).Code)
	// Output:
	// no session: 401
	// no editor: 403
	// another's: 403
	// her own: 204
}

func ExampleLogin() {
	api, sessions, client := memberAPI()
	before := client.Cookie(sessions.CookieName())
	response := client.Do("POST", "/login", Member{ID: "ada"})

	fmt.Println(response.Code, before != client.Cookie(sessions.CookieName()))
	login := api.OpenAPI().Paths["/login"].Post
	fmt.Println(login.Security, login.Responses["204"].Headers["Set-Cookie"].Description)
	// Output:
	// 204 true
	// [] Sets the session cookie.
}
