package humasess_test

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// A sign-out works with and without a session, so its input embeds Session and not
// Required.
func ExampleSession_Destroy() {
	type LogoutInput struct{ humasess.Session[Member] }
	api, _, client := memberAPI()
	huma.Post(api, "/logout", func(_ context.Context, in *LogoutInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})

	fmt.Println(client.Do("POST", "/logout", nil).Code)
	client.Do("POST", "/login", Member{ID: "ada"})
	response := client.Do("POST", "/logout", nil)
	cookie := response.Result().Cookies()[0]
	fmt.Println(response.Code, cookie.Name, cookie.MaxAge) // a negative MaxAge removes the cookie
	// Output:
	// 204
	// 204 __Host-id -1
}

// The challenge of a sign-in counts once. A copy of the cookie gets nothing.
func ExampleSession_Take() {
	type (
		BeginInput  struct{ humasess.Session[string] }
		FinishInput struct{ humasess.Session[string] }
		Output      struct{ Body string }
	)
	api, client := visitorAPI[string]()
	huma.Post(api, "/begin", func(_ context.Context, in *BeginInput) (*struct{}, error) {
		return nil, in.Session.Update(func(challenge *string) error {
			*challenge = "a random challenge"
			return nil
		})
	})
	huma.Post(api, "/finish", func(ctx context.Context, in *FinishInput) (*Output, error) {
		challenge, err := in.Session.Take(ctx) // verify the answer to this challenge
		return &Output{Body: challenge}, err
	})

	client.Do("POST", "/begin", nil)
	thief := client.Clone()
	fmt.Print(client.Do("POST", "/finish", nil).Body)
	fmt.Println(thief.Do("POST", "/finish", nil).Code)
	// Output:
	// "a random challenge"
	// 401
}

// A stream ends when its session has ended, also by another process.
func ExampleSession_Done() {
	type (
		EventsInput struct{ humasess.Required[Member] }
		Ready       struct{}
		SignedOut   struct{}
	)
	api, sessions, client := memberAPI()
	ready := make(chan struct{})
	sse.Register(api, huma.Operation{OperationID: "events", Method: "GET", Path: "/events"},
		map[string]any{"ready": Ready{}, "signed-out": SignedOut{}},
		func(ctx context.Context, in *EventsInput, send sse.Sender) {
			_ = send.Data(Ready{})
			close(ready)
			select {
			case <-in.Session.Done():
				_ = send.Data(SignedOut{})
			case <-ctx.Done(): // the client is gone
			}
		})

	client.Do("POST", "/login", Member{ID: "ada"})
	stream := make(chan string)
	go func() { stream <- client.Do("GET", "/events", nil).Body.String() }()
	<-ready
	if _, err := sessions.RevokeIdentity(context.Background(), "ada"); err != nil {
		fmt.Println(err)
	}
	fmt.Print(<-stream)
	// Output:
	// event: ready
	// data: {}
	//
	// event: signed-out
	// data: {}
}

// A session on a shared computer ends after ten minutes, even if it is active.
func ExampleSession_SetTTL() {
	type KioskInput struct{ humasess.Login[Member] }
	clock := humasesstest.NewClock()
	api, _, client := newAPI(humasess.Options[Member]{Now: clock.Now})
	huma.Post(api, "/kiosk", func(_ context.Context, in *KioskInput) (*struct{}, error) {
		if err := in.Session.Start(Member{ID: "ada"}); err != nil {
			return nil, err
		}
		if err := in.Session.SetTTL(10 * time.Minute); err != nil {
			return nil, err
		}
		fmt.Println("lives", in.Session.Deadline().Sub(in.Session.CreatedAt()))
		return nil, nil
	})
	huma.Get(api, "/me", func(context.Context, *struct{ humasess.Required[Member] }) (*struct{}, error) { return nil, nil })

	client.Do("POST", "/kiosk", nil)
	clock.Advance(9 * time.Minute)
	fmt.Println(client.Do("GET", "/me", nil).Code)
	clock.Advance(time.Minute)
	fmt.Println(client.Do("GET", "/me", nil).Code)
	// Output:
	// lives 10m0s
	// 204
	// 401
}

// A page asks for the time left. Its requests do not keep the session of an absent user
// alive.
func ExampleNoTouch() {
	type LeftInput struct{ humasess.Session[Member] }
	type LeftOutput struct{ Body string }
	clock := humasesstest.NewClock()
	api, _, client := newAPI(humasess.Options[Member]{Now: clock.Now})
	huma.Get(api, "/time-left", func(_ context.Context, in *LeftInput) (*LeftOutput, error) {
		if !in.Session.Active() {
			return &LeftOutput{Body: "signed out"}, nil
		}
		return &LeftOutput{Body: in.Session.ExpiresAt().Sub(clock.Now()).String()}, nil
	}, humasess.NoTouch)

	client.Do("POST", "/login", Member{ID: "ada"})
	client.Do("GET", "/time-left", nil)
	for range 3 {
		clock.Advance(11 * time.Minute)
		fmt.Print(client.Do("GET", "/time-left", nil).Body)
	}
	// Output:
	// "22m0s"
	// "11m0s"
	// "signed out"
}

// A user signs out on all devices, this one included.
func ExampleSession_RevokeAll() {
	type SignOutInput struct{ humasess.Required[Member] }
	api, sessions, laptop := memberAPI()
	phone := laptop.Clone()
	huma.Post(api, "/sign-out-everywhere", func(ctx context.Context, in *SignOutInput) (*struct{}, error) {
		ended, err := in.Session.RevokeAll(ctx)
		fmt.Println("ended:", ended)
		return nil, err
	})

	phone.Do("POST", "/login", Member{ID: "ada"})
	laptop.Do("POST", "/login", Member{ID: "ada"})
	fmt.Println("laptop:", laptop.Do("POST", "/sign-out-everywhere", nil).Code)
	fmt.Println("phone:", phone.Do("POST", "/sign-out-everywhere", nil).Code)
	fmt.Println("laptop has a cookie:", laptop.Cookie(sessions.CookieName()) != "")
	// Output:
	// ended: 2
	// laptop: 204
	// phone: 401
	// laptop has a cookie: false
}
