package storetest_test

import (
	"bytes"
	"context"
	"time"

	"github.com/humasess/sessions/stores"
)

var _ stores.TouchLoader = (*broken)(nil)

func (h *honest) LoadTouch(ctx context.Context, id stores.ID, proof []byte) (stores.Record, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return stores.Record{}, err
	}
	r, ok := h.live(id)
	if !ok {
		return stores.Record{}, stores.ErrNotFound
	}
	if h.due(r) && bytes.HasPrefix(r.Payload, proof) {
		h.extend(r, r.idle)
	}
	return h.out(r), nil
}

func (h *honest) due(r *row) bool { return h.now().Sub(r.LastSeen) >= r.idle/10 }

func (b *broken) LoadTouch(ctx context.Context, id stores.ID, proof []byte) (stores.Record, error) {
	if b.loadTouch == nil {
		return b.honest.LoadTouch(ctx, id, proof)
	}
	return b.loadTouch(ctx, id, proof)
}

// extends makes LoadTouch do something else to a session that is there.
func extends(how func(b *broken, r *row, proof []byte)) func(*broken) {
	return func(b *broken) {
		b.loadTouch = func(_ context.Context, id stores.ID, proof []byte) (stores.Record, error) {
			defer b.lock()()
			r, ok := b.rows[id]
			if !ok {
				return stores.Record{}, stores.ErrNotFound
			}
			how(b, r, proof)
			if _, ok := b.live(id); !ok {
				return stores.Record{}, stores.ErrNotFound
			}
			return b.out(r), nil
		}
	}
}

const loadTouchName = "L10 load touch extends what is due"

// loadTouchFaults are about stores that extend while they load.
var loadTouchFaults = []fault{
	{"load touch asks for no proof", 10, []string{loadTouchName}, extends(func(b *broken, r *row, _ []byte) {
		if _, live := b.live(r.ID); live && b.due(r) {
			b.extend(r, r.idle)
		}
	})},
	{"load touch looks for the proof anywhere", 10, []string{loadTouchName}, extends(func(b *broken, r *row, proof []byte) {
		if _, live := b.live(r.ID); live && b.due(r) && bytes.Contains(r.Payload, proof) {
			b.extend(r, r.idle)
		}
	})},
	{"load touch never extends", 10, []string{loadTouchName}, extends(func(*broken, *row, []byte) {})},
	{"load touch is not throttled", 10, []string{loadTouchName}, extends(func(b *broken, r *row, proof []byte) {
		if _, live := b.live(r.ID); live && bytes.HasPrefix(r.Payload, proof) {
			b.extend(r, r.idle)
		}
	})},
	{"load touch forgets the idle timeout of an update", 10, []string{loadTouchName}, extends(func(b *broken, r *row, proof []byte) {
		if _, live := b.live(r.ID); live && b.due(r) && bytes.HasPrefix(r.Payload, proof) {
			b.extend(r, 50*time.Minute)
		}
	})},
	{"load touch passes the deadline", 10, []string{loadTouchName}, extends(func(b *broken, r *row, proof []byte) {
		if _, live := b.live(r.ID); live && b.due(r) && bytes.HasPrefix(r.Payload, proof) {
			r.LastSeen = b.now()
			r.Expires = r.LastSeen.Add(r.idle)
		}
	})},
	{"load touch revives the expired", 10, []string{loadTouchName}, extends(func(b *broken, r *row, proof []byte) {
		if b.due(r) && bytes.HasPrefix(r.Payload, proof) {
			b.extend(r, r.idle)
		}
	})},
	{"load touch writes without looking again", 3, []string{"R11 no resurrection by load touch"}, func(b *broken) {
		b.loadTouch = func(ctx context.Context, id stores.ID, _ []byte) (stores.Record, error) {
			b.mu.Lock()
			r, ok := b.live(id)
			b.mu.Unlock()
			if !ok {
				return stores.Record{}, stores.ErrNotFound
			}
			window()
			defer b.lock()()
			b.extend(r, r.idle)
			b.rows[id] = r
			return b.out(r), nil
		}
	}},
}
