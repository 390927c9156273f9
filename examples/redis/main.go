// Redis is a small API whose sessions are in Redis, so any number of processes
// share them. It has login, me, the sessions of a user, and logout everywhere.
// Give it the address of a server, of a Cluster's nodes, or of sentinels.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// User is the data of a session.
type User struct {
	ID string `json:"id"`
}

// LoginInput is the input of a public operation that starts a session.
type LoginInput struct {
	humasess.Login[User]
	Body struct {
		Name     string `json:"name" example:"ada"`
		Password string `json:"password" example:"engine"`
	}
}

// UserInput requires a session.
type UserInput struct{ humasess.Required[User] }

// MeOutput shows the session's data.
type MeOutput struct{ Body User }

// SessionsOutput shows where a user is signed in.
type SessionsOutput struct{ Body []humasess.Info[User] }

func register(api huma.API, sessions *humasess.Manager[User]) error {
	if err := sessions.Attach(api); err != nil {
		return err
	}
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		if in.Body.Name != "ada" || in.Body.Password != "engine" {
			return nil, huma.Error401Unauthorized("wrong name or password")
		}
		return nil, in.Session.Start(User{ID: in.Body.Name})
	})
	huma.Get(api, "/me", func(_ context.Context, in *UserInput) (*MeOutput, error) {
		return &MeOutput{Body: in.Value()}, nil
	})
	huma.Get(api, "/sessions", func(ctx context.Context, in *UserInput) (*SessionsOutput, error) {
		all, err := in.Session.List(ctx)
		return &SessionsOutput{Body: all}, err
	})
	huma.Post(api, "/logout-everywhere", func(ctx context.Context, in *UserInput) (*struct{}, error) {
		_, err := in.Session.RevokeAll(ctx)
		return nil, err
	})
	return nil
}

// handler is the whole API on a client of Redis.
func handler(ctx context.Context, client rueidis.Client) (http.Handler, error) {
	store := redis.New(client, &redis.Options{Prefix: "example:"})
	problems, err := store.Check(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		log.Println("warning:", p)
	}
	sessions, err := humasess.New(store, &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		// For plain http on localhost, whose ports share their cookies. Leave it out in production.
		Cookie: humasess.CookieOptions{Name: "redis", InsecureAllowHTTP: true},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, register(humago.New(mux, huma.DefaultConfig("Redis", "1.0.0")), sessions)
}

func main() {
	servers := flag.String("redis", "localhost:6379", "addresses, with commas between them")
	primary := flag.String("sentinel", "", "name of the primary at the sentinels with these addresses")
	address := flag.String("listen", "localhost:8888", "where to serve")
	flag.Parse()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: strings.Split(*servers, ","),
		Sentinel:    rueidis.SentinelOption{MasterSet: *primary},
	})
	if err != nil {
		log.Fatal(err)
	}
	h, err := handler(context.Background(), client)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Docs page: http://%s/docs\n", listener.Addr())
	log.Fatal(http.Serve(listener, h))
}
