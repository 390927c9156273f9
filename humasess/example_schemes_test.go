package humasess_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// keys stands for a table of API keys. It has their hashes only.
var keys = map[[sha256.Size]byte]Member{
	sha256.Sum256([]byte("correct")): {ID: "ada"},
}

func passwordIs(name, password string) bool { return name == "robot" && password == "metal" }

// docs: begin functions

func memberOfKey(ctx huma.Context, _ []string) (Member, error) {
	key := ctx.Header("X-API-Key")
	if key == "" {
		return Member{}, humasess.ErrNoSession // the request has no key
	}
	member, ok := keys[sha256.Sum256([]byte(key))]
	if !ok {
		return Member{}, errors.New("unknown key") // the client gets a 401 without this text
	}
	return member, nil
}

func memberOfPassword(ctx huma.Context, _ []string) (Member, error) {
	r := http.Request{Header: http.Header{"Authorization": {ctx.Header("Authorization")}}}
	name, password, ok := r.BasicAuth()
	if !ok {
		return Member{}, humasess.ErrNoSession
	}
	if !passwordIs(name, password) {
		return Member{}, errors.New("wrong name or password")
	}
	return Member{ID: name}, nil
}

// docs: end

// A browser has a session, a program an API key, and an old machine a password.
func ExampleOptions_schemes() {
	mux := http.NewServeMux()
	// docs: begin options
	config := huma.DefaultConfig("Keys", "1.0.0")
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{ // before the API is created
		"apiKey": {Type: "apiKey", In: "header", Name: "X-API-Key"},
		"basic":  {Type: "http", Scheme: "basic"},
	}
	api := humago.New(mux, config)
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{
		Identity: func(m Member) string { return m.ID },
		Schemes: map[string]func(huma.Context, []string) (Member, error){
			"apiKey": memberOfKey,
			"basic":  memberOfPassword,
		},
		AcceptSchemes: []string{"apiKey"}, // each operation for which a session is enough takes a key as well
	})
	// docs: end
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	type (
		MeInput   struct{ humasess.Required[Member] }
		HomeInput struct{ humasess.Session[Member] }
		Output    struct{ Body string }
	)
	me := func(_ context.Context, in *MeInput) (*Output, error) {
		return &Output{Body: in.Value().ID + " by " + in.Session.Carrier()}, nil
	}
	logout := func(_ context.Context, in *HomeInput) (*struct{}, error) { return nil, in.Session.Destroy() }
	// docs: begin operations
	huma.Get(api, "/me", me)                                // a session or a key
	huma.Post(api, "/logout", logout, humasess.OnlySession) // a session
	huma.Register(api, huma.Operation{                      // a session, a password or a key
		OperationID: "import", Method: http.MethodPost, Path: "/import",
		Security: []map[string][]string{{"sessionCookie": {}}, {"basic": {}}}, // the first is Options.SchemeName
	}, me)
	huma.Register(api, huma.Operation{ // a password
		OperationID: "feed", Method: http.MethodGet, Path: "/feed", Security: []map[string][]string{{"basic": {}}},
	}, func(ctx context.Context, _ *struct{}) (*Output, error) {
		session, _ := humasess.From[Member](ctx) // the user of the password, without an input type of the library
		member, _ := session.Get()
		return &Output{Body: member.ID}, nil
	})
	// docs: end

	client := humasesstest.NewClient(mux)
	key := func(r *http.Request) { r.Header.Set("X-Api-Key", "correct") }
	password := func(r *http.Request) { r.SetBasicAuth("robot", "metal") }
	fmt.Println("nothing:", client.Do("GET", "/me", nil).Code)
	fmt.Print("key: ", client.Do("GET", "/me", nil, key).Body)
	fmt.Print("password: ", client.Do("POST", "/import", nil, password).Body)
	fmt.Print("password alone: ", client.Do("GET", "/feed", nil, password).Body)
	fmt.Println("key instead of it:", client.Do("GET", "/feed", nil, key).Code)
	cookie, _ := sessions.Issue(context.Background(), Member{ID: "grace"})
	client.SetCookie(cookie)
	fmt.Print("session: ", client.Do("GET", "/me", nil).Body)
	fmt.Print("session beside a key: ", client.Do("GET", "/me", nil, key).Body)
	fmt.Print("session beside a password: ", client.Do("POST", "/import", nil, password).Body)
	fmt.Println("logout:", client.Do("POST", "/logout", nil, key).Code)
	fmt.Println("after it:", client.Do("GET", "/me", nil).Code)
	// Output:
	// nothing: 401
	// key: "ada by apiKey"
	// password: "robot by basic"
	// password alone: "robot"
	// key instead of it: 401
	// session: "grace by cookie"
	// session beside a key: "ada by apiKey"
	// session beside a password: "grace by cookie"
	// logout: 204
	// after it: 401
}
