// Package storecall calls a store for as long as it takes to know the outcome.
//
// The answer of a store may get lost when the write has succeeded: the connection
// breaks, or a proxy does. Such a write is not a failed one. It is read back within the
// budget of the call, and sent again if it has not happened. A record carries the random
// name of its last write for that. Versions do not do: another request may have made the
// same version.
package storecall

import (
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/stores"
)

// Caller makes the calls of one manager that must not be in doubt. It is safe for
// concurrent use.
type Caller struct {
	Store      stores.Store  // of the manager
	ClientSide bool          // the records are in cookies, so no answer gets lost
	Timeout    time.Duration // Options.StoreTimeout; negative is no bound

	// Read loads a record and the name of its last write, as requests load it.
	Read func(ctx context.Context, id stores.ID) (stores.Record, uint64, error)
}

// MaxLost bounds how often the store is asked about a call whose answer was lost. A
// store that is down must not be asked often.
const MaxLost = 5

// lostPause is the longest wait before it is asked again.
const lostPause = time.Second

// Bounded returns ctx with a budget of its own, for a call outside a request and for
// one that the program makes with its own context.
func (c *Caller) Bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.Timeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.Timeout)
}

// AnswerLost reports whether a call may have succeeded in spite of its error, and
// whether there is time to find out. In a transaction of the program nothing can be read
// back after an error.
func (c *Caller) AnswerLost(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	for _, answer := range []error{
		stores.ErrNotFound, stores.ErrConflict, stores.ErrExists, stores.ErrFull, stores.ErrLimit, stores.ErrTooLarge,
		stores.ErrNoIdentity, stores.ErrRevoked, stores.ErrChanged, errors.ErrUnsupported,
	} {
		if errors.Is(err, answer) {
			return false
		}
	}
	return !c.ClientSide && ctx.Err() == nil && !stores.InTransaction(ctx, c.Store)
}

// Update replaces a record and finds out the outcome of the write when its answer is
// lost. The name is the one in the payload.
func (c *Caller) Update(ctx context.Context, store stores.Store, u stores.Update, name uint64) (stores.Updated, error) {
	updated, err := store.Update(ctx, u)
	if !c.AnswerLost(ctx, err) {
		return updated, err
	}
	cause := err
	for try := range MaxLost {
		if WaitForStore(ctx, try) != nil {
			break
		}
		rec, written, err := c.Read(ctx, u.ID)
		switch {
		case errors.Is(err, stores.ErrNotFound), errors.Is(err, payload.ErrFormat):
			return stores.Updated{}, stores.ErrNotFound
		case err != nil:
			continue
		case written == name:
			return stores.Updated{Version: rec.Version, Expires: rec.Expires, Deadline: rec.Deadline, Now: rec.Now}, nil
		case rec.Version != u.Version:
			return stores.Updated{}, cause // another write came after it, or instead of it
		}
		// The first one may still be under way. Then one of the two conflicts, and
		// the name tells.
		if updated, err = store.Update(ctx, u); err == nil {
			return updated, nil
		}
	}
	return stores.Updated{}, cause
}

// Delete deletes a session, again when the answer is lost. A session that is gone then
// was ended by this call.
func (c *Caller) Delete(ctx context.Context, store stores.Store, id stores.ID, when stores.Condition) error {
	err := store.Delete(ctx, id, when)
	if !c.AnswerLost(ctx, err) {
		return err
	}
	for try := range MaxLost {
		if WaitForStore(ctx, try) != nil {
			break
		}
		err = store.Delete(ctx, id, when)
		if errors.Is(err, stores.ErrNotFound) {
			return nil
		}
		if !c.AnswerLost(ctx, err) {
			break
		}
	}
	return err
}

// DeleteOnce deletes a session for a caller that must know that this call has ended it.
// It deletes again when the answer is lost. If the session is gone then, another call may
// have ended it, so DeleteOnce returns the error of the lost answer.
func (c *Caller) DeleteOnce(ctx context.Context, store stores.Store, id stores.ID, when stores.Condition) error {
	cause := store.Delete(ctx, id, when)
	err, try := cause, 0
	for ; try < MaxLost && c.AnswerLost(ctx, err) && WaitForStore(ctx, try) == nil; try++ {
		err = store.Delete(ctx, id, when)
	}
	if try > 0 && errors.Is(err, stores.ErrNotFound) {
		return cause
	}
	return err
}

// RevokeIdentity revokes an identity, again when the answer is lost. Lost is called with
// the time of the call whose answer was lost: its mark is the caller's own.
func (c *Caller) RevokeIdentity(
	ctx context.Context, store stores.Store, owner string, except stores.ID, lost func(marks.Bracket),
) (stores.Revoked, error) {
	return again(ctx, c, lost, func() (stores.Revoked, error) { return stores.RevokeIdentity(ctx, store, owner, except) })
}

// MarkChanged leaves a mark of a change, again when the answer is lost, with lost as for
// RevokeIdentity.
func (c *Caller) MarkChanged(ctx context.Context, store stores.Store, owner string, lost func(marks.Bracket)) (stores.Changed, error) {
	return again(ctx, c, lost, func() (stores.Changed, error) { return stores.MarkChanged(ctx, store, owner) })
}

func again[V any](ctx context.Context, c *Caller, lost func(marks.Bracket), call func() (V, error)) (V, error) {
	for try := 0; ; try++ {
		from := time.Now()
		v, err := call()
		if try == MaxLost || !c.AnswerLost(ctx, err) || WaitForStore(ctx, try) != nil {
			return v, err
		}
		lost(marks.Bracket{From: from, To: time.Now()})
	}
}
