package cookie

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/humasess/sessions/stores"
)

// skew is how far the clocks of servers that share sessions may be apart, at
// the most: for so much longer is the end of a session known.
const skew = time.Minute

// elsewhere reports whether another copy of the session may be accepted after
// the one at hand: it was sent later, or before the deadline was shortened.
func (it *item) elsewhere() bool { return it.Now.Before(it.latest) }

// keep is how long the end of the session has to be known: until the last of
// its copies is past its deadline. All have the deadline that the session
// began with, or an earlier one.
func (it *item) keep() time.Duration { return max(it.latest.Sub(it.Now), 0) + skew }

// Delete implements [stores.Store]. Where the copy at hand has expired, it ends
// the others all the same, and answers ErrNotFound as for any session that has
// expired. Of sessions that the request store does not hold, nothing is known that a
// condition could ask for.
func (t *requestStore) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	it, err := t.live(ctx, id)
	if it == nil {
		it = t.find(id)
	}
	switch {
	case err != nil && !errors.Is(err, stores.ErrNotFound):
		return err
	case it != nil:
	case t.store.revoked == nil || when != (stores.Condition{}):
		return errElsewhere
	default:
		return t.store.end(ctx, id, stores.LongestSession)
	}
	switch {
	case when.Identity != "" && when.Identity != it.Identity:
		return stores.ErrNotFound
	case err != nil && (t.store.revoked == nil || !it.elsewhere()):
		return err
	case err == nil && when.Version != 0 && when.Version != it.Version:
		return stores.ErrConflict
	}
	t.save(ctx)
	if gone := t.end(ctx, it); gone != nil {
		return gone
	}
	t.forget(id)
	return err
}

// end marks a session as ended that was not revoked before.
func (t *requestStore) end(ctx context.Context, it *item) error {
	if t.store.revoked == nil || it.fresh {
		return nil
	}
	if err := t.stands(ctx, it); err != nil {
		return err
	}
	return t.store.end(ctx, it.ID, it.keep())
}

// RevokeIdentity implements [stores.Index] with Options.Revoked. The session
// to except has to be written again in this request store: its cookie is revoked too.
//
// ErrNotFound says that the session to except has been revoked itself, before
// this call or at the same time. It does not carry on then: a thief could stay
// signed in by revoking in a loop.
func (t *requestStore) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	switch {
	case t.store.revoked == nil:
		return stores.Revoked{}, errElsewhere
	case identity == "":
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	var kept *item
	if it := t.find(except); it != nil && it.Identity == identity {
		var err error
		if kept, err = t.live(ctx, except); err == nil {
			err = t.stands(ctx, kept)
		}
		if err != nil {
			return stores.Revoked{}, err
		}
	}
	revoked, err := t.store.revokeIdentity(ctx, identity)
	if err != nil {
		return stores.Revoked{}, err
	}
	t.save(ctx)
	if kept != nil && !kept.stoodUnder(revoked) {
		kept, except = nil, stores.ID{}
		err = stores.ErrNotFound
	}
	if kept != nil {
		kept.mark = revoked.Mark
	}
	t.items = slices.DeleteFunc(t.items, func(it item) bool { return it.Identity == identity && it.ID != except })
	return revoked, err
}

// stoodUnder reports whether no revocation came between the beginning of the
// session and this one. The mark that this one replaced tells, which was read
// in the same step: a Check before would leave a gap.
func (it *item) stoodUnder(r stores.Revoked) bool {
	if r.Before == 0 {
		return r.Ago == stores.NotRevoked
	}
	return it.stood && r.Before == it.mark
}
