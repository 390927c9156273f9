package main

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
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

// ProveInput is the input of an operation that checks a second factor.
type ProveInput struct {
	humasess.Required[User]
	Body struct {
		Code string `json:"code" example:"123456"`
	}
}

// PayInput requires that the user has just proved a second factor.
type PayInput struct {
	humasess.Guarded[User, Proved]
	Body struct {
		To     string `json:"to" example:"grace"`
		Amount int    `json:"amount" minimum:"1" example:"5"`
	}
}

// Inputs of the other operations.
type (
	HomeInput struct{ humasess.Session[User] }
	MeInput   struct{ humasess.Required[User] }
)

// TokenOutput is the answer of RFC 6749 § 5.1.
type TokenOutput struct{ Body humasess.BearerToken }

// MeOutput shows the session's data.
type MeOutput struct{ Body User }

// Proved guards operations that cost money.
type Proved struct{}

// Methods must be among those of the session's authentication.
func (Proved) Methods() []string { return []string{"otp"} }

// Fresh bounds the age of each of them.
func (Proved) Fresh() time.Duration { return 5 * time.Minute }

// accounts stands for a database with hashed passwords, and code for a second factor.
var accounts = map[string]string{"ada": "engine", "grace": "compiler"}

const code = "123456"

func register(api huma.API) error {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		Bearer:   &humasess.BearerOptions{Prefix: "native_"}, // 14 days idle, 90 days at most
		// For plain http on localhost, whose ports share their cookies. Leave it out in production.
		Cookie: humasess.CookieOptions{Name: "native", InsecureAllowHTTP: true},
	})
	if err != nil {
		return err
	}
	if err := sessions.Attach(api); err != nil {
		return err
	}
	// docs: begin operations
	huma.Post(api, "/token", func(_ context.Context, in *LoginInput) (*TokenOutput, error) {
		if password, ok := accounts[in.Body.Name]; !ok || password != in.Body.Password {
			return nil, huma.Error401Unauthorized("wrong name or password")
		}
		token, err := in.Session.StartBearer(User{ID: in.Body.Name})
		return &TokenOutput{Body: token}, err
	})
	huma.Post(api, "/token/renew", func(_ context.Context, in *MeInput) (*TokenOutput, error) {
		token, err := in.Session.RenewBearer()
		return &TokenOutput{Body: token}, err
	})
	// docs: end
	huma.Get(api, "/me", func(_ context.Context, in *MeInput) (*MeOutput, error) {
		return &MeOutput{Body: in.Value()}, nil
	})
	huma.Post(api, "/prove", func(_ context.Context, in *ProveInput) (*struct{}, error) {
		if in.Body.Code != code {
			return nil, huma.Error403Forbidden("wrong code")
		}
		return nil, in.Session.Reauthenticated("otp")
	}, humasess.Renews) // the new token is in the header Session-Token, as the document says
	huma.Post(api, "/pay", func(context.Context, *PayInput) (*struct{}, error) {
		return &struct{}{}, nil // a real program pays here
	})
	huma.Post(api, "/logout", func(_ context.Context, in *HomeInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	return nil
}
