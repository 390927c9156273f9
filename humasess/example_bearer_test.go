package humasess_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// docs: begin recent

// RecentSignIn guards operations that require a sign-in within the last ten minutes.
type RecentSignIn struct{}

// Fresh is in the document as well.
func (RecentSignIn) Fresh() time.Duration { return 10 * time.Minute }

// docs: end

// A user that is signed in with a cookie gives a device a session of its own.
func ExampleManager_IssueBearer() {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Devices", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{
		Identity: func(m Member) string { return m.ID },
		Bearer:   &humasess.BearerOptions{},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	// docs: begin device
	type (
		DeviceInput struct {
			humasess.Guarded[Member, RecentSignIn]
		}
		DeviceOutput struct{ Body humasess.BearerToken }
	)
	huma.Post(api, "/device-tokens", func(ctx context.Context, in *DeviceInput) (*DeviceOutput, error) {
		token, err := sessions.IssueBearer(ctx, in.Value())
		return &DeviceOutput{Body: token}, err
	})
	// docs: end
	huma.Get(api, "/carrier", func(_ context.Context, in *struct{ humasess.Required[Member] }) (*struct{ Body string }, error) {
		return &struct{ Body string }{in.Session.Carrier()}, nil
	})
	browser, err := sessions.Issue(context.Background(), Member{ID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	client := humasesstest.NewClient(mux)
	client.SetCookie(browser)
	answer := client.Do("POST", "/device-tokens", nil)
	var token humasess.BearerToken
	if err := json.Unmarshal(answer.Body.Bytes(), &token); err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.TokenType, token.AccessToken[:3])

	fmt.Print(client.Do("GET", "/carrier", nil, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token.AccessToken) // the cookie beside it is ignored
	}).Body)
	fmt.Print(client.Do("GET", "/carrier", nil).Body)
	// Output:
	// Bearer hs_
	// "bearer"
	// "cookie"
}

// TokenOutput is the answer to a sign-in without cookies.
type TokenOutput struct{ Body humasess.BearerToken }

// accessToken returns the token in an answer.
func accessToken(answer *httptest.ResponseRecorder) string {
	var token humasess.BearerToken
	if err := json.Unmarshal(answer.Body.Bytes(), &token); err != nil {
		log.Fatal(err)
	}
	return token.AccessToken
}

// A mobile app signs in, stores the token, and sends it in the header Authorization.
func ExampleSession_StartBearer() {
	api, _, app := newAPI(humasess.Options[Member]{Bearer: &humasess.BearerOptions{}})
	huma.Post(api, "/token", func(_ context.Context, in *SignInInput) (*TokenOutput, error) {
		// Check the password here.
		token, err := in.Session.StartBearer(in.Body)
		return &TokenOutput{Body: token}, err
	})
	huma.Get(api, "/me", func(_ context.Context, in *struct{ humasess.Required[Member] }) (*MemberOutput, error) {
		return &MemberOutput{Body: in.Value()}, nil
	})

	token := accessToken(app.Do("POST", "/token", Member{ID: "ada", Roles: []string{}}))
	fmt.Println(app.Do("GET", "/me", nil).Code)
	fmt.Println(app.Do("GET", "/me", nil, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
	}).Code)
	// Output:
	// 401
	// 200
}

// An app renews its token from time to time. The session and its ID stay.
func ExampleSession_RenewBearer() {
	api, sessions, app := newAPI(humasess.Options[Member]{Bearer: &humasess.BearerOptions{}})
	huma.Post(api, "/token/renew", func(_ context.Context, in *struct{ humasess.Required[Member] }) (*TokenOutput, error) {
		token, err := in.Session.RenewBearer()
		return &TokenOutput{Body: token}, err
	})

	first, err := sessions.IssueBearer(context.Background(), Member{ID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	second := accessToken(app.Do("POST", "/token/renew", nil, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+first.AccessToken)
	}))
	fmt.Println(second != "", second != first.AccessToken)
	// Output: true true
}
