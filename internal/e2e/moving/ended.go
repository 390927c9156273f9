package moving

import (
	"context"
	"errors"
	"fmt"
)

// docs: begin ended

// Ended lists old sessions that have ended, for libraries without a record on the server.
type Ended interface {
	Add(ctx context.Context, s Found) error // it stays until s.Ends
	Has(ctx context.Context, s Found) (bool, error)
}

// endedKey names the sign-in and not the cookie, because several values can carry one sign-in.
// A copy of a JWT is still valid after a change of the last two bits of its base64.
func endedKey(s Found) string { return fmt.Sprintf("ended:%d:%s", s.SignedIn.Unix(), s.ID) }

func notEnded(ctx context.Context, e Ended, s Found) error {
	if e == nil || s.ID == "" {
		return nil
	}
	ended, err := e.Has(ctx, s)
	if ended {
		return ErrDead
	}
	return err
}

// docs: end

func ignoreDead(err error) error {
	if errors.Is(err, ErrDead) {
		return nil
	}
	return err
}
