package humasess_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// JustAuthenticated admits users that have entered the password within the last five
// minutes.
type JustAuthenticated struct{}

func (JustAuthenticated) Fresh() time.Duration { return 5 * time.Minute }

// A guard with a method Fresh asks for a recent authentication: step-up.
func ExampleSession_Reauthenticated() {
	clock := humasesstest.NewClock()
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{
		Identity: func(m Member) string { return m.ID },
		Now:      clock.Now,
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Bank", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		panic(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[Member] }) (*struct{}, error) {
		return nil, in.Session.Start(Member{ID: "u1"})
	})
	huma.Post(api, "/password", func(_ context.Context, in *struct{ humasess.Required[Member] }) (*struct{}, error) {
		// Check the password here.
		return nil, in.Session.Reauthenticated("pwd")
	})
	huma.Post(api, "/transfer", func(context.Context, *struct {
		humasess.Guarded[Member, JustAuthenticated]
	}) (*struct{}, error) {
		return nil, nil
	})

	client := humasesstest.NewClient(mux)
	client.Do(http.MethodPost, "/login", nil)
	clock.Advance(10 * time.Minute)
	fmt.Println(client.Do(http.MethodPost, "/transfer", nil).Code)
	client.Do(http.MethodPost, "/password", nil)
	fmt.Println(client.Do(http.MethodPost, "/transfer", nil).Code)
	// Output:
	// 403
	// 204
}

// docs: begin methods

// SecondFactor admits users that have also authenticated by a one-time password.
type SecondFactor struct{}

func (SecondFactor) Methods() []string { return []string{"pwd", "otp"} }

// docs: end

// The 403 of a guard with Methods names each method that the session lacks, so that the
// client asks the user for that one.
func ExampleGuarded_methods() {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{Identity: func(m Member) string { return m.ID }})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Bank", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		panic(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[Member] }) (*struct{}, error) {
		if err := in.Session.Start(Member{ID: "u1"}); err != nil {
			return nil, err
		}
		return nil, in.Session.Reauthenticated("pwd")
	})
	huma.Post(api, "/transfer", func(context.Context, *struct {
		humasess.Guarded[Member, SecondFactor]
	}) (*struct{}, error) {
		return nil, nil
	})

	client := humasesstest.NewClient(mux)
	client.Do(http.MethodPost, "/login", nil)
	var problem huma.ErrorModel
	if err := json.Unmarshal(client.Do(http.MethodPost, "/transfer", nil).Body.Bytes(), &problem); err != nil {
		panic(err)
	}
	fmt.Println(problem.Type)
	for _, e := range problem.Errors {
		fmt.Println(e.Location, e.Value)
	}
	// Output:
	// urn:humasess:problem:reauthentication-required
	// authentication.methods otp
}

// Office admits sessions that began on the same day.
type Office struct{}

func (Office) Check(ctx huma.Context, _ Member) error {
	s, _ := humasess.From[Member](ctx.Context())
	if time.Since(s.CreatedAt()) > 24*time.Hour {
		return errors.New("the session is of another day")
	}
	return nil
}

// A guard gets more of the session by From: here, when it began.
func ExampleGuard_from() {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{Identity: func(m Member) string { return m.ID }})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Bank", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		panic(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[Member] }) (*struct{}, error) {
		return nil, in.Session.Start(Member{ID: "u1"})
	})
	huma.Get(api, "/office", func(context.Context, *struct {
		humasess.Guarded[Member, Office]
	}) (*struct{}, error) {
		return nil, nil
	})

	client := humasesstest.NewClient(mux)
	client.Do(http.MethodPost, "/login", nil)
	fmt.Println(client.Do(http.MethodGet, "/office", nil).Code)
	// Output: 204
}

// Large transfers ask for the password again. Small ones do not, so the handler decides.
func ExampleSession_RequireFresh() {
	type TransferInput struct {
		humasess.Required[Member]
		Amount int `query:"amount"`
	}
	clock := humasesstest.NewClock()
	api, _, client := newAPI(humasess.Options[Member]{Now: clock.Now})
	huma.Post(api, "/transfer", func(_ context.Context, in *TransferInput) (*struct{}, error) {
		if in.Amount > 1000 {
			if err := in.Session.RequireFresh(5 * time.Minute); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})

	client.Do("POST", "/login", Member{ID: "ada"})
	clock.Advance(10 * time.Minute)
	fmt.Println(client.Do("POST", "/transfer?amount=10", nil).Code)
	fmt.Println(client.Do("POST", "/transfer?amount=5000", nil).Code)
	// Output:
	// 204
	// 403
}

// A modifier asks for a recent sign-in on every operation of a group.
func ExampleManager_RequireFresh() {
	clock := humasesstest.NewClock()
	api, sessions, client := newAPI(humasess.Options[Member]{Now: clock.Now})
	payments := huma.NewGroup(api)
	payments.UseSimpleModifier(sessions.RequireFresh(5 * time.Minute))
	huma.Post(payments, "/pay", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })

	client.Do("POST", "/login", Member{ID: "ada"})
	fmt.Println(client.Do("POST", "/pay", nil).Code)
	clock.Advance(10 * time.Minute)
	fmt.Println(client.Do("POST", "/pay", nil).Code)
	// Output:
	// 204
	// 403
}

// After a sign-in with a provider, the session has the time, the methods and the class of
// the ID token.
func ExampleSession_ReauthenticatedWith() {
	api, _, client := memberAPI()
	huma.Post(api, "/callback", func(_ context.Context, in *struct{ humasess.Login[Member] }) (*struct{}, error) {
		// Verify the ID token here, and read its claims.
		claims := humasess.Claims{AuthTime: time.Now().Unix(), AMR: []string{"pwd", "otp"}, ACR: "silver"}
		if err := in.Session.Start(Member{ID: "ada"}); err != nil {
			return nil, err
		}
		return nil, in.Session.ReauthenticatedWith(claims.Authentication())
	})
	huma.Get(api, "/proof", func(_ context.Context, in *struct{ humasess.Required[Member] }) (*struct{}, error) {
		proof := in.Session.Authentication()
		fmt.Println(proof.Class, proof.Claims().AMR, proof.Fresh(time.Hour, time.Now()))
		return nil, nil
	})

	client.Do("POST", "/callback", nil)
	client.Do("GET", "/proof", nil)
	// Output: silver [pwd otp] true
}
