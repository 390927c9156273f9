// Hello is the first program of the README: log in, read, log out.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

type User struct{ Name string } // the data of a session

type LoginInput struct {
	humasess.Login[User]
	Body struct{ Name, Password string }
}
type MeInput struct{ humasess.Required[User] }
type LogoutInput struct{ humasess.Session[User] }
type MeOutput struct{ Body User }

func main() {
	router := chi.NewMux()
	api := humachi.New(router, huma.DefaultConfig("Hello", "1.0.0"))
	sessions, err := humasess.New[User](memory.New(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		if in.Body.Name != "ada" || in.Body.Password != "engine" {
			return nil, huma.Error401Unauthorized("wrong name or password")
		}
		return nil, in.Session.Start(User{Name: in.Body.Name})
	})
	huma.Get(api, "/me", func(_ context.Context, in *MeInput) (*MeOutput, error) {
		return &MeOutput{Body: in.Value()}, nil
	})
	huma.Post(api, "/logout", func(_ context.Context, in *LogoutInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	log.Fatal(http.ListenAndServe("localhost:8888", router))
}
