package humasessotel

import (
	"context"

	"github.com/humasess/sessions/stores"
)

// A store must have a capability exactly when the store inside has it, and a type in Go
// has a method always or never. So each capability that is observed has a type of its
// own, and [stores.As] finds it by Unwrap. The chain ends with the store inside, for
// the capabilities that are not observed.

// capabilities returns the first type of the chain.
func (s *store) capabilities() stores.Store {
	next := s.inner
	if inner, ok := stores.As[stores.Scanner](s.inner); ok {
		next = &scanner{layer{s, next}, inner}
	}
	if inner, ok := stores.As[stores.Memoizer](s.inner); ok {
		next = &memoizer{layer{s, next}, inner}
	}
	if inner, ok := stores.As[stores.MultiLoader](s.inner); ok {
		next = &multiLoader{layer{s, next}, inner}
	}
	// A Marker is an Index. The index comes first, because an inner wrapper may have a
	// List of its own around the marker.
	if inner, ok := stores.As[stores.Marker](s.inner); ok {
		next = &marker{index{layer{s, next}, inner}, inner}
	}
	if inner, ok := stores.As[stores.Index](s.inner); ok {
		next = &index{layer{s, next}, inner}
	}
	return next
}

// layer is a part of the chain. Its methods of [stores.Store] are observed, too.
type layer struct {
	*store
	next stores.Store
}

// Unwrap returns the rest of the chain.
func (l layer) Unwrap() stores.Store { return l.next }

type index struct {
	layer
	inner stores.Index
}

var _ stores.Index = (*index)(nil)

// List implements [stores.Index].
func (x *index) List(ctx context.Context, identity string) ([]stores.Record, error) {
	c := x.begin(ctx, list)
	defer c.panicked()
	c.about(stores.ID{}, identity)
	records, err := x.inner.List(c.ctx, identity)
	c.returns(len(records))
	c.end(err)
	return records, err
}

// RevokeIdentity implements [stores.Index].
func (x *index) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	c := x.begin(ctx, revokeIdentity)
	defer c.panicked()
	c.about(stores.ID{}, identity)
	revoked, err := x.inner.RevokeIdentity(c.ctx, identity, except)
	c.end(err)
	return revoked, err
}

type marker struct {
	index
	inner stores.Marker
}

var _ stores.Marker = (*marker)(nil)

// MarkChanged implements [stores.Marker].
func (m *marker) MarkChanged(ctx context.Context, identity string) (stores.Changed, error) {
	c := m.begin(ctx, markChanged)
	defer c.panicked()
	c.about(stores.ID{}, identity)
	changed, err := m.inner.MarkChanged(c.ctx, identity)
	c.end(err)
	return changed, err
}

type multiLoader struct {
	layer
	inner stores.MultiLoader
}

var _ stores.MultiLoader = (*multiLoader)(nil)

// LoadMany implements [stores.MultiLoader].
func (m *multiLoader) LoadMany(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
	c := m.begin(ctx, loadMany)
	defer c.panicked()
	c.asks(len(ids))
	records, err := m.inner.LoadMany(c.ctx, ids)
	c.returns(len(records))
	c.end(err)
	return records, err
}

type memoizer struct {
	layer
	inner stores.Memoizer
}

var _ stores.Memoizer = (*memoizer)(nil)

// LoadMemo implements [stores.Memoizer]. Its span is that of a load.
func (m *memoizer) LoadMemo(ctx context.Context, id stores.ID) (stores.Record, *stores.Memo, error) {
	c := m.begin(ctx, load)
	defer c.panicked()
	r, memo, err := m.inner.LoadMemo(c.ctx, id)
	c.about(id, r.Identity)
	c.end(err)
	return r, memo, err
}

type scanner struct {
	layer
	inner stores.Scanner
}

var _ stores.Scanner = (*scanner)(nil)

// Scan implements [stores.Scanner].
func (s *scanner) Scan(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	c := s.begin(ctx, scan)
	defer c.panicked()
	page, err := s.inner.Scan(c.ctx, head, cursor, limit)
	c.returns(len(page.Records))
	c.end(err)
	return page, err
}

// Count implements [stores.Scanner].
func (s *scanner) Count(ctx context.Context, head []byte) (int, error) {
	c := s.begin(ctx, countAll)
	defer c.panicked()
	n, err := s.inner.Count(c.ctx, head)
	c.end(err)
	return n, err
}

// Clear implements [stores.Scanner].
func (s *scanner) Clear(ctx context.Context, head []byte) (stores.Cleared, error) {
	c := s.begin(ctx, clearAll)
	defer c.panicked()
	cleared, err := s.inner.Clear(c.ctx, head)
	c.end(err)
	return cleared, err
}
