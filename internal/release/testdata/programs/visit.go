package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
)

type user struct {
	ID string `json:"id"`
}

type (
	loginInput struct{ humasess.Login[user] }
	meInput    struct{ humasess.Required[user] }
	meOutput   struct{ Body user }
)

// visit serves an API with the sessions, signs in, and prints the answers.
func visit(sessions *humasess.Manager[user]) {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Outside", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *loginInput) (*struct{}, error) {
		return nil, in.Session.Start(user{ID: "ada"})
	})
	huma.Get(api, "/me", func(_ context.Context, in *meInput) (*meOutput, error) {
		return &meOutput{Body: in.Value()}, nil
	})
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil)
	var answers []string
	for _, request := range []string{"GET /me", "POST /login", "GET /me"} {
		method, path, _ := strings.Cut(request, " ")
		req, err := http.NewRequest(method, server.URL+path, nil)
		if err != nil {
			log.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			log.Fatal(err)
		}
		_ = resp.Body.Close()
		answers = append(answers, fmt.Sprint(request, " ", resp.StatusCode))
	}
	fmt.Print(strings.Join(answers, ", "))
}
