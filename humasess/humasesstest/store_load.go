package humasesstest

import (
	"context"

	"github.com/humasess/sessions/stores"
)

// The core loads from a [stores.Memoizer] in its own way, so a Store must have
// this capability exactly when the store inside has it: [stores.As] finds it
// behind Unwrap.

// Unwrap returns a store that counts like this one and is a [stores.Memoizer]
// if the store inside is one. It returns nil otherwise.
func (s *Store) Unwrap() stores.Store { return s.loads }

func (s *Store) loader() stores.Store {
	if m, ok := stores.As[stores.Memoizer](s.inner); ok {
		return memoLoader{s, m}
	}
	return nil
}

type memoLoader struct {
	*Store
	memoizer stores.Memoizer
}

var _ stores.Memoizer = memoLoader{}

// LoadMemo implements [stores.Memoizer].
func (l memoLoader) LoadMemo(ctx context.Context, id stores.ID) (stores.Record, *stores.Memo, error) {
	type loaded struct {
		record stores.Record
		memo   *stores.Memo
	}
	r, err := call(ctx, l.Store, OpLoad, func() (loaded, error) {
		record, memo, err := l.memoizer.LoadMemo(ctx, id)
		return loaded{record, memo}, err
	})
	return r.record, r.memo, err
}

// Unwrap ends the search for capabilities.
func (memoLoader) Unwrap() stores.Store { return nil }
