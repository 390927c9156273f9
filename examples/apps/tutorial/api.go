package main

import (
	"context"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5/pgxpool"
)

// User is the data of a session.
type User struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Credentials are those of a sign-up or a login.
type Credentials struct {
	Name     string `json:"name" pattern:"^[a-z0-9]{1,32}$" example:"ada"`
	Password string `json:"password" minLength:"12" maxLength:"72" example:"analytical engine"`
}

// The embedded type says which session an operation needs.
type (
	LoginInput struct { // none, because it starts one
		humasess.Login[User]
		Body Credentials
	}
	LogoutInput struct { // any, because a logout always works
		humasess.Session[User]
	}
	UserInput struct { // that of a user, otherwise the answer is 401
		humasess.Required[User]
	}
	PasswordInput struct {
		humasess.Required[User]
		Body struct {
			Old string `json:"old" maxLength:"72" example:"analytical engine"`
			New string `json:"new" minLength:"12" maxLength:"72" example:"difference engine"`
		}
	}
)

// UserOutput shows the user of the session.
type UserOutput struct{ Body User }

func register(api huma.API, pool *pgxpool.Pool, store stores.Store) error {
	sessions, err := humasess.New(store, &humasess.Options[User]{
		Identity: func(u User) string { return strconv.FormatInt(u.ID, 10) },
	})
	if err != nil {
		return err
	}
	if err := sessions.Attach(api); err != nil {
		return err
	}
	huma.Post(api, "/signup", func(ctx context.Context, in *LoginInput) (*struct{}, error) {
		user, err := addUser(ctx, pool, in.Body)
		if err != nil {
			return nil, err
		}
		return nil, in.Session.Start(user)
	})
	huma.Post(api, "/login", func(ctx context.Context, in *LoginInput) (*struct{}, error) {
		user, err := checkPassword(ctx, pool, in.Body)
		if err != nil {
			return nil, err
		}
		return nil, in.Session.Start(user)
	})
	huma.Get(api, "/me", func(_ context.Context, in *UserInput) (*UserOutput, error) {
		return &UserOutput{Body: in.Value()}, nil
	})
	huma.Post(api, "/password", func(ctx context.Context, in *PasswordInput) (*struct{}, error) {
		user, err := checkPassword(ctx, pool, Credentials{in.Value().Name, in.Body.Old})
		if err != nil {
			return nil, err
		}
		if err := setPassword(ctx, pool, user.ID, in.Body.New); err != nil {
			return nil, err
		}
		_, err = in.Session.RevokeOthers(ctx)
		return nil, err
	}, humasess.Renews)
	huma.Post(api, "/logout", func(_ context.Context, in *LogoutInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	return nil
}
