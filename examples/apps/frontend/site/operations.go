package site

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// User is the data of a session. The draft is lost at the end of the session.
type User struct {
	ID    string `json:"id"`
	Draft string `json:"draft"`
}

// Recent guards operations that ask for the password again after a minute.
type Recent struct{}

// Fresh is enforced and documented.
func (Recent) Fresh() time.Duration { return time.Minute }

type loginInput struct {
	humasess.Login[User]
	Body struct {
		Name     string `json:"name" maxLength:"64" example:"ada"`
		Password string `json:"password" maxLength:"128" example:"engine"`
	}
}

type (
	anyInput    struct{ humasess.Session[User] }
	userInput   struct{ humasess.Required[User] }
	recentInput struct{ humasess.Guarded[User, Recent] }
	draftInput  struct {
		humasess.Required[User]
		Body struct {
			Text string `json:"text" maxLength:"1000"`
		}
	}
	passwordInput struct {
		humasess.Required[User]
		Body struct {
			Password string `json:"password" maxLength:"128"`
		}
	}
)

type draftOutput struct {
	Body struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
}

// passwords stand for a database with hashed passwords. A real program limits how often
// a client may try one, at the sign-in and at the confirmation.
var passwords = map[string]string{"ada": "engine", "grace": "compiler"}

func correct(name, password string) bool {
	known, ok := passwords[name]
	want, got := sha256.Sum256([]byte(known)), sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && ok
}

func register(api huma.API) {
	huma.Post(api, "/login", func(_ context.Context, in *loginInput) (*struct{}, error) {
		if !correct(in.Body.Name, in.Body.Password) {
			return nil, huma.Error401Unauthorized("wrong name or password")
		}
		return nil, in.Session.Start(User{ID: in.Body.Name})
	})
	huma.Get(api, "/draft", func(_ context.Context, in *userInput) (*draftOutput, error) {
		out := &draftOutput{}
		out.Body.Name, out.Body.Text = in.Value().ID, in.Value().Draft
		return out, nil
	})
	huma.Put(api, "/draft", func(_ context.Context, in *draftInput) (*struct{}, error) {
		return nil, in.Session.Update(func(u *User) error {
			u.Draft = in.Body.Text
			return nil
		})
	})
	huma.Delete(api, "/draft", func(_ context.Context, in *recentInput) (*struct{}, error) {
		return nil, in.Session.Update(func(u *User) error {
			u.Draft = ""
			return nil
		})
	})
	huma.Post(api, "/reauthenticate", func(_ context.Context, in *passwordInput) (*struct{}, error) {
		if !correct(in.Value().ID, in.Body.Password) {
			return nil, huma.Error422UnprocessableEntity("wrong password") // a 401 means that the session has ended
		}
		return nil, in.Session.Reauthenticated("pwd")
	}, humasess.Renews)
	huma.Post(api, "/logout", func(_ context.Context, in *anyInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
}
