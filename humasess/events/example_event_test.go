package events_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

type user struct{ ID string }

// report is the function of Options.OnEvent. It runs within the request, so it must be quick.
func report(_ context.Context, e events.Event) {
	switch e.Kind {
	case events.Created:
		fmt.Println(e.Identity, "signed in")
	case events.Destroyed:
		fmt.Println(e.Identity, "ended a session:", e.Reason)
	case events.Rejected, events.Refused:
		fmt.Println("attack or mistake:", e.Reason)
	}
}

// A program writes an audit trail of sign-ins and sign-outs.
func Example() {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("API", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[user]{
		Identity: func(u user) string { return u.ID },
		OnEvent:  report,
	})
	if err != nil {
		panic(err)
	}
	if err := sessions.Attach(api); err != nil {
		panic(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[user] }) (*struct{}, error) {
		return nil, in.Session.Start(user{ID: "ada"})
	})
	huma.Post(api, "/logout", func(_ context.Context, in *struct{ humasess.Session[user] }) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})

	client := humasesstest.NewClient(mux)
	client.Do("POST", "/login", nil)
	client.Do("POST", "/logout", nil)
	client.SetCookie(&http.Cookie{Name: sessions.CookieName(), Value: "a guess"})
	client.Do("POST", "/logout", nil)
	// Output:
	// ada signed in
	// ada ended a session: sign_out
	// attack or mistake: malformed
}
