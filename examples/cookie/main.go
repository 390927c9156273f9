// Cookie keeps each session in its own cookie. The server stores only which
// sessions have ended. Keys come from the environment.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

// keysVariable names the variable with the keys. The first key seals, and every
// key opens.
const keysVariable = "SESSION_KEYS"

// User is the data of a session. It is small, and an older value from an older
// cookie does no harm.
type User struct {
	Name  string `json:"name"`
	Theme string `json:"theme"`
}

// LoginInput is the input of a public operation that starts a session.
type LoginInput struct {
	humasess.Login[User]
	Name string `query:"name" required:"true" minLength:"1"`
}

// Inputs of the other operations differ in their requirements.
type (
	MeInput    struct{ humasess.Required[User] }
	ThemeInput struct {
		humasess.Required[User]
		Theme string `query:"theme" required:"true" enum:"light,dark"`
	}
	LogoutInput struct{ humasess.Session[User] }
)

// MeOutput shows the session's data.
type MeOutput struct{ Body User }

func register(api huma.API) error {
	keys, err := security.KeysFromEnv(keysVariable)
	if err != nil {
		return err
	}
	sealer, err := security.NewAEAD(keys...)
	if err != nil {
		return err
	}
	// With several servers this is redis.NewRevocations or
	// postgres.NewRevocations.
	store := cookie.New(sealer, &cookie.Options{Revoked: memory.NewRevocations()})
	sessions, err := humasess.New(store, &humasess.Options[User]{
		Identity: func(u User) string { return u.Name },
		// For plain http on localhost, whose ports share their cookies. Leave it out in production.
		Cookie: humasess.CookieOptions{Name: "cookie", InsecureAllowHTTP: true},
	})
	if err != nil {
		return err
	}
	if err := sessions.Attach(api); err != nil {
		return err
	}
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		return nil, in.Session.Start(User{Name: in.Name, Theme: "light"})
	})
	huma.Get(api, "/me", func(_ context.Context, in *MeInput) (*MeOutput, error) {
		return &MeOutput{Body: in.Value()}, nil
	})
	huma.Post(api, "/theme", func(_ context.Context, in *ThemeInput) (*struct{}, error) {
		return nil, in.Session.Update(func(u *User) error { u.Theme = in.Theme; return nil })
	})
	huma.Post(api, "/logout", func(_ context.Context, in *LogoutInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	huma.Post(api, "/logout-everywhere", func(ctx context.Context, in *MeInput) (*struct{}, error) {
		_, err := in.Session.RevokeAll(ctx)
		return nil, err
	})
	return nil
}

func main() {
	address := flag.String("listen", "localhost:8888", "where to serve")
	flag.Parse()
	mux := http.NewServeMux()
	if err := register(humago.New(mux, huma.DefaultConfig("Cookie", "1.0.0"))); err != nil {
		key, keyErr := security.GenerateKey()
		if keyErr != nil {
			log.Fatal(keyErr)
		}
		log.Fatalf("%v\nhere is one: export %s=%s", err, keysVariable, key.Reveal())
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf(`Docs page: http://%[1]s/docs

	curl -i -c jar -b jar -X POST '%[1]s/login?name=ada'
	curl -i -c jar -b jar -X POST '%[1]s/theme?theme=dark'
	curl -i -b jar %[1]s/me
	cp jar thief
	curl -i -c jar -b jar -X POST %[1]s/logout-everywhere
	curl -i -b thief %[1]s/me         # 401
`, listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}
