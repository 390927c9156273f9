package cookie

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/humasess/sessions/stores"
)

// The answer of Revocations may get lost although the call has succeeded. Then
// the call is repeated under its name within the budget of the request. An
// error would leave the user signed out, because the session that should
// continue has been revoked, or the session to replace has ended.

const (
	// maxLost bounds how often a call is repeated, to spare a server that is
	// down.
	maxLost = 5

	// lostPause is the longest wait before a call is repeated.
	lostPause = time.Second
)

// newName returns the name of a call. It is not a secret.
func newName() int64 { return 1 + rand.Int64N(math.MaxInt64) } //nolint:gosec // only tells calls apart

// lost reports whether the call should be repeated, because it may have
// succeeded in spite of its error. First it waits for a random time, which
// grows with each try. Calls in a transaction of the program are not repeated,
// because the transaction fails after an error.
func (s *Store) lost(ctx context.Context, try int, err error) bool {
	for _, answer := range []error{nil, stores.ErrNotFound, stores.ErrNoIdentity, stores.ErrTooLarge, errors.ErrUnsupported} {
		if errors.Is(err, answer) {
			return false
		}
	}
	if try == maxLost || ctx.Err() != nil || s.InTransaction(ctx) {
		return false
	}
	t := time.NewTimer(rand.N(min(20*time.Millisecond<<(2*try), lostPause))) //nolint:gosec // spreads retries; it is not a secret
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// end marks a session as ended. If an answer is lost, the repeated call
// recognises its own mark by its name, but not the mark of another request.
func (s *Store) end(ctx context.Context, id stores.ID, keep time.Duration) error {
	name := newName()
	for try := 0; ; try++ {
		err := s.revoked.End(ctx, id, keep, name)
		if !s.lost(ctx, try, err) {
			return err
		}
	}
}

// revokeIdentity revokes an identity. If an answer is lost, the repeated call
// recognises its own mark by its name, but not the mark of another request.
func (s *Store) revokeIdentity(ctx context.Context, identity string) (stores.Revoked, error) {
	name := newName()
	for try := 0; ; try++ {
		revoked, err := s.revoked.RevokeIdentity(ctx, identity, name)
		if !s.lost(ctx, try, err) {
			return revoked, err
		}
	}
}
