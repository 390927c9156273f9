package moving

import (
	"context"

	"github.com/alexedwards/scs/v2"
)

// docs: begin scs

// SCS finds sessions of github.com/alexedwards/scs, on any of its stores.
type SCS struct{ *scs.SessionManager }

// Find returns the session of a cookie.
func (o SCS) Find(ctx context.Context, cookie string) (Found, error) {
	ctx, err := o.Load(ctx, cookie)
	switch {
	case err != nil:
		return Found{}, err
	case o.Token(ctx) == "":
		return Found{}, ErrDead
	}
	return Found{
		ID:       o.GetString(ctx, "userID"), // the key of your program
		SignedIn: o.Deadline(ctx).Add(-o.Lifetime), Ends: o.Deadline(ctx),
		Persistent: o.Cookie.Persist,
	}, nil
}

// End deletes the session of a cookie.
func (o SCS) End(ctx context.Context, cookie string) error {
	ctx, err := o.Load(ctx, cookie)
	if err != nil {
		return err
	}
	return o.Destroy(ctx)
}

// docs: end
