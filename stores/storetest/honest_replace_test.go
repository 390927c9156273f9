package storetest_test

import (
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/stores"
)

var _ stores.Marker = (*honest)(nil)

// stamp is the mark of a change.
type stamp struct {
	mark int64
	at   time.Time
}

func (h *honest) MarkChanged(ctx context.Context, identity string) (stores.Changed, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return stores.Changed{}, err
	}
	if identity == "" {
		return stores.Changed{}, stores.ErrNoIdentity
	}
	changed := stores.Changed{Ago: stores.NotRevoked}
	if before, ok := h.changes[identity]; ok {
		changed.Ago = time.Since(before.at)
	}
	h.seq++
	changed.Mark = int64(h.seq)
	h.changes[identity] = stamp{changed.Mark, time.Now()}
	return changed, nil
}

func (h *honest) fits(payload []byte) error {
	if len(payload) > 1<<20 {
		return stores.ErrTooLarge
	}
	return nil
}

// replaced returns the sessions that a Create ends, or an error.
func (h *honest) replaced(c stores.Create) (map[stores.ID]bool, error) {
	ids := make(map[stores.ID]bool)
	for _, old := range c.Replaces {
		r, ok := h.live(old.ID)
		switch {
		case old.ID.IsZero(), old.ID == c.ID, old.Version < 0:
			return nil, errors.New("honest: invalid")
		case ok && old.Version != 0 && old.Version != r.Version:
			return nil, stores.ErrConflict
		case ok:
			ids[old.ID] = true
		case !old.MayBeGone:
			return nil, stores.ErrNotFound
		}
	}
	return ids, nil
}
