package storecall

import (
	"context"
	"errors"

	"github.com/humasess/sessions/stores"
)

// MaxReplays bounds how often concurrent changes make a call start over. Each time
// another one has got through, so this many parallel writers of one session all do.
const MaxReplays = 128

// Reload replaces a record after a conflict, when it has waited a little.
func (c *Caller) Reload(ctx context.Context, raw *stores.Record, replay int) error {
	err := PauseReplay(ctx, replay)
	if err == nil {
		*raw, err = c.Store.Load(ctx, raw.ID)
	}
	return err
}

// DeleteChosen ends the sessions of an identity for which chosen returns true, each at
// the version that chosen has seen, and tells ended about each. A session that has
// changed meanwhile is shown again. The answer is stores.ErrConflict if one changes all
// the time.
//
// It lists again after a session that was listed has ended meanwhile. A request may have
// replaced that session by one with the same data.
func (c *Caller) DeleteChosen(ctx context.Context, owner string, chosen func(stores.Record) bool, ended func(stores.ID)) error {
	gone := map[stores.ID]bool{} // a store may go on listing a session that it does not find
	for range MaxReplays {
		bounded, cancel := c.Bounded(ctx)
		records, err := stores.List(bounded, c.Store, owner)
		cancel()
		if err != nil {
			return err
		}
		again := false
		for _, raw := range records {
			deleted, err := c.deleteChosen(ctx, raw, chosen)
			switch {
			case errors.Is(err, stores.ErrNotFound):
				again = again || !gone[raw.ID]
				gone[raw.ID] = true
			case err != nil:
				return err
			case deleted:
				ended(raw.ID)
			}
		}
		if !again {
			return nil
		}
	}
	return stores.ErrConflict
}

// deleteChosen reports false for a session that is kept.
func (c *Caller) deleteChosen(ctx context.Context, raw stores.Record, chosen func(stores.Record) bool) (bool, error) {
	for replay := range MaxReplays {
		if !chosen(raw) {
			return false, nil
		}
		deleted, err := c.deleteSeen(ctx, &raw, replay)
		if deleted || err != nil {
			return deleted, err
		}
	}
	return false, stores.ErrConflict
}

// deleteSeen ends the session at the version of the record. It reports false, and replaces
// the record, for one that has changed. The time of the function that chooses is not that
// of the store, so each call has a budget of its own.
func (c *Caller) deleteSeen(ctx context.Context, raw *stores.Record, replay int) (bool, error) {
	ctx, cancel := c.Bounded(ctx)
	defer cancel()
	err := c.Delete(ctx, c.Store, raw.ID, stores.Condition{Version: raw.Version})
	if errors.Is(err, stores.ErrConflict) {
		return false, c.Reload(ctx, raw, replay)
	}
	return err == nil, err
}
