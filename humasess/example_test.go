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

// newAPI returns an API whose manager has the given options. Its login accepts any
// member. Its document describes the scheme apiKey. The client keeps cookies.
func newAPI(opts humasess.Options[Member]) (huma.API, *humasess.Manager[Member], *humasesstest.Client) {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Examples", "1.0.0")
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"apiKey": {Type: "apiKey", In: "header", Name: "X-API-Key"},
	}
	api := humago.New(mux, config)
	opts.Identity = func(m Member) string { return m.ID }
	opts.Roles = func(m Member) []string { return m.Roles }
	sessions, err := humasess.New(memory.New(nil), &opts)
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

// memberAPI is newAPI with the default options.
func memberAPI() (huma.API, *humasess.Manager[Member], *humasesstest.Client) {
	return newAPI(humasess.Options[Member]{})
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
