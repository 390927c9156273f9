package humasesstest

import (
	"context"

	"github.com/humasess/sessions/stores"
)

// The core loads from a [stores.Memoizer] or a [stores.TouchLoader] in its own
// way each, so a Store must have these capabilities exactly when the store
// inside has them: [stores.As] finds them behind Unwrap.

// Unwrap returns a store that counts like this one and has the capabilities
// to load that the store inside has, nil if none.
func (s *Store) Unwrap() stores.Store { return s.loads }

func (s *Store) loader() stores.Store {
	m, memoizes := stores.As[stores.Memoizer](s.inner)
	t, touches := stores.As[stores.TouchLoader](s.inner)
	switch {
	case memoizes && touches:
		return bothLoader{memoLoader{s, m}, touchLoader{s, t}}
	case memoizes:
		return memoLoader{s, m}
	case touches:
		return touchLoader{s, t}
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

type touchLoader struct {
	*Store
	toucher stores.TouchLoader
}

var _ stores.TouchLoader = touchLoader{}

// LoadTouch implements [stores.TouchLoader].
func (l touchLoader) LoadTouch(ctx context.Context, id stores.ID, proof []byte) (stores.Record, error) {
	return call(ctx, l.Store, OpLoad, func() (stores.Record, error) { return l.toucher.LoadTouch(ctx, id, proof) })
}

// Unwrap ends the search for capabilities.
func (touchLoader) Unwrap() stores.Store { return nil }

type bothLoader struct {
	memoLoader
	touch touchLoader
}

var _ stores.TouchLoader = bothLoader{}

// LoadTouch implements [stores.TouchLoader].
func (l bothLoader) LoadTouch(ctx context.Context, id stores.ID, proof []byte) (stores.Record, error) {
	return l.touch.LoadTouch(ctx, id, proof)
}
