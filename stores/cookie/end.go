package cookie

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/humasess/sessions/stores"
)

// skew is the largest allowed difference between the clocks of servers that
// share sessions. The mark of an ended session is kept for that much longer.
const skew = time.Minute

// elsewhere reports whether another copy of the session may still be accepted,
// because it was sent later or before the deadline was shortened.
func (it *item) elsewhere() bool { return it.Now.Before(it.latest) }

// keep returns how long the mark of the ended session is needed: until the last
// of its copies is past its deadline. No copy has a deadline later than the
// session's first.
func (it *item) keep() time.Duration { return max(it.latest.Sub(it.Now), 0) + skew }

// Delete implements [stores.Store]. If the request store's copy has expired, Delete
// still ends the other copies, and answers ErrNotFound as for any expired
// session. It refuses a condition for a session that the request store does not hold,
// because it cannot check it.
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

// end marks a session as ended. It returns ErrNotFound if it was revoked
// before.
func (t *requestStore) end(ctx context.Context, it *item) error {
	if t.store.revoked == nil || it.fresh {
		return nil
	}
	if err := t.stands(ctx, it); err != nil {
		return err
	}
	return t.store.end(ctx, it.ID, it.keep())
}

// RevokeIdentity implements [stores.Index] with Options.Revoked. The session to
// except must be written again in this request store, because its cookie is revoked too.
//
// ErrNotFound means that the session to except was itself revoked, before this
// call or at the same time. Then it does not continue, because otherwise a
// thief could stay signed in by revoking in a loop.
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

// stoodUnder reports whether this revocation is the first since the session
// began. It compares the mark that this revocation replaced, which was read in
// the same step. A Check before the call would leave a gap.
func (it *item) stoodUnder(r stores.Revoked) bool {
	if r.Before == 0 {
		return r.Ago == stores.NotRevoked
	}
	return it.stood && r.Before == it.mark
}
