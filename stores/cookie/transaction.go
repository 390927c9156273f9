package cookie

import (
	"context"
	"slices"

	"github.com/humasess/sessions/stores"
)

var _ stores.Transactional = (*Store)(nil)

// InTransaction reports whether Options.Revoked writes its marks, with this
// context, in a transaction of the program.
func (s *Store) InTransaction(ctx context.Context) bool {
	r, ok := s.revoked.(stores.TransactionalRevocations)
	return ok && r.InTransaction(ctx)
}

// save copies the sessions before a call in a transaction changes them. A
// shallow copy suffices, because the bytes of a payload are never overwritten.
func (t *requestStore) save(ctx context.Context) {
	if t.saved == nil && t.store.InTransaction(ctx) {
		saved := slices.Clone(t.items)
		t.saved = &saved
	}
}

// TakeBack implements [stores.TransactionalRequestStore]. If the saved session is still
// not revoked, the transaction that revoked or replaced it was rolled back.
func (t *requestStore) TakeBack(ctx context.Context, id stores.ID) bool {
	if t.saved == nil {
		return false
	}
	was := &requestStore{carrier: t.carrier, items: *t.saved}
	if it, err := was.live(ctx, id); err != nil || was.stands(ctx, it) != nil {
		return false
	}
	t.items, t.saved = was.items, nil
	return true
}
