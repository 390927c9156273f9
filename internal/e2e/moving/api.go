package moving

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/stores"
)

// Settings are those of [NewAPI].
type Settings struct {
	Open   func(huma.Config) huma.API // such as humago.New
	Store  stores.Store
	Old    Old
	Cookie http.Cookie
	Lookup func(ctx context.Context, id string) (User, time.Time, error)
	Claim  func(ctx context.Context, cookie string) bool
	Grace  time.Duration

	AcceptOnly bool // the first release, which leaves the old sessions alone
}

// NewAPI returns an API during the move. Only the operations of package account are registered.
func NewAPI(s Settings) (huma.API, *humasess.Manager[User], *Move, error) {
	store, oldCookie := s.Store, s.Cookie
	// docs: begin api
	config := huma.DefaultConfig("API", "1.0.0")
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		scheme: {Type: "apiKey", In: "cookie", Name: oldCookie.Name},
	}
	move := &Move{Old: s.Old, Cookie: oldCookie, Lookup: s.Lookup, Claim: s.Claim, Grace: s.Grace}
	sessions, err := humasess.New(store, &humasess.Options[User]{
		Identity:      func(u User) string { return u.ID },
		Roles:         func(u User) []string { return u.Roles },
		Schemes:       map[string]func(huma.Context, []string) (User, error){scheme: move.User},
		AcceptSchemes: []string{scheme},
	})
	// docs: end
	if err != nil {
		return nil, nil, nil, err
	}
	if oldCookie.Name == sessions.CookieName() {
		return nil, nil, nil, errors.New("the old cookie needs another name: one would overwrite the other")
	}
	api := s.Open(config)
	move.API, move.Sessions = api, sessions
	if err := sessions.Attach(api); err != nil {
		return nil, nil, nil, err
	}
	if !s.AcceptOnly {
		// docs: begin use
		api.UseMiddleware(move.Middleware) // after Attach, before the first operation
		// docs: end
	}
	return api, sessions, move, registerAccount(api, sessions, move)
}

func registerAccount(api huma.API, sessions *humasess.Manager[User], move *Move) error {
	view := func(u User) string { return u.ID }
	// docs: begin account
	return account.Register(api, sessions, &account.Options[User, string]{View: view, Edit: func(name account.Operation, op *huma.Operation) {
		switch name {
		case account.Get:
			op.Security = []map[string][]string{{"sessionCookie": {}}, {scheme: {}}}
		case account.SignOut:
			move.SignsOut(op)
		}
	}})
	// docs: end
}
