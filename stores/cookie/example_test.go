package cookie_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

// Preferences are the data of a session. A client may keep an older copy of them.
type Preferences struct{ User, Theme string }

// A session is sealed in its cookie. A shared memory of ended sessions makes logouts final.
func Example() {
	keys, err := security.KeysFromEnv("SESSION_KEYS") // the same on all servers
	if err != nil {
		key, _ := security.GenerateKey() // for this example only
		keys = []security.Key{key}
	}
	sealer, err := security.NewAEAD(keys...)
	if err != nil {
		log.Fatal(err)
	}
	store := cookie.New(sealer, &cookie.Options{Revoked: memory.NewRevocations()}) // for one process
	sessions, err := humasess.New(store, &humasess.Options[Preferences]{
		Identity: func(p Preferences) string { return p.User },
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Example", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[Preferences] }) (*struct{}, error) {
		return nil, in.Session.Start(Preferences{User: "ada", Theme: "dark"})
	})
	huma.Post(api, "/logout", func(_ context.Context, in *struct{ humasess.Required[Preferences] }) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})

	client := humasesstest.NewClient(mux)
	client.Do("POST", "/login", nil)
	stolen := client.Clone()
	fmt.Println(client.Do("POST", "/logout", nil).Code)
	fmt.Println(stolen.Do("POST", "/logout", nil).Code)
	// Output:
	// 204
	// 401
}
