package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	recordedSessions = 4
	recordedCalls    = 40 // of each client
)

// Record lets Options.Concurrency clients make random calls on a few sessions
// of two identities, and returns the history. With the same seed each client
// makes the same choices, but the scheduler decides how they interleave.
// Without an index no identity is revoked.
func Record(ctx context.Context, store stores.Store, seed uint64, opts *Options) History {
	r := &recorder{
		ctx:   ctx,
		store: store,
		start: time.Now(),
		h:     History{Identities: make(map[string]string)},
	}
	o := opts.withDefaults()
	for i := range recordedSessions {
		identity := fmt.Sprintf("history%d-%d", seed, i%2)
		id, err := stores.NewID(ctx, store, identity)
		if err != nil {
			r.h.Events = append(r.h.Events, Event{Op: OpCreate, Identity: identity, Result: Result{Error: err.Error()}})
			return r.h
		}
		r.ids = append(r.ids, id)
		r.h.Identities[id.String()] = identity
	}
	var clients sync.WaitGroup
	for n := range o.Concurrency {
		clients.Go(func() {
			c := &client{recorder: r, n: n, rng: rand.New(rand.NewPCG(seed, uint64(n))), seen: make(map[stores.ID]int64)}
			for call := range recordedCalls {
				c.step(call)
			}
		})
	}
	clients.Wait()
	slices.SortFunc(r.h.Events, func(a, b Event) int { return cmp.Compare(a.Call, b.Call) })
	return r.h
}

type recorder struct {
	ctx   context.Context
	store stores.Store
	start time.Time
	ids   []stores.ID

	mu sync.Mutex
	h  History
}

// client makes one call after another.
type client struct {
	*recorder
	n    int
	rng  *rand.Rand
	seen map[stores.ID]int64 // the last versions that it has seen
}

// step makes one call and records it.
func (c *client) step(call int) {
	id := c.ids[c.rng.IntN(len(c.ids))]
	ev := Event{Client: c.n, ID: id.String(), Identity: c.h.Identities[id.String()]}
	payload := fmt.Sprintf("%d.%d", c.n, call)
	var do func() error
	switch p := c.rng.IntN(100); {
	case p < 30:
		ev.Op, ev.Identity = OpLoad, ""
		do = func() error {
			r, err := c.store.Load(c.ctx, id)
			ev.Result = Result{Version: r.Version, Identity: r.Identity, Payload: string(r.Payload)}
			return err
		}
	case p < 50:
		ev.Op, ev.Payload = OpCreate, payload
		do = func() error {
			r, err := c.store.Create(c.ctx, stores.Create{
				ID: id, Identity: ev.Identity, Payload: []byte(payload), Idle: hour, Absolute: day,
			})
			ev.Result = Result{Version: r.Version, Marked: err == nil && r.RevokedAgo != stores.NotRevoked}
			return err
		}
	case p < 75:
		ev.Op, ev.Identity, ev.Payload, ev.Version = OpUpdate, "", payload, max(1, c.seen[id])
		do = func() error {
			r, err := c.store.Update(c.ctx, stores.Update{ID: id, Version: ev.Version, Payload: []byte(payload)})
			ev.Result = Result{Version: r.Version}
			return err
		}
	case p < 85:
		ev.Op, ev.Identity = OpTouch, ""
		do = func() error {
			_, err := c.store.Touch(c.ctx, id, hour)
			return err
		}
	case p < 95:
		ev.Op, ev.Identity = OpDelete, ""
		if c.rng.IntN(2) == 0 {
			ev.Version = max(1, c.seen[id])
		}
		do = func() error { return c.store.Delete(c.ctx, id, stores.Condition{Version: ev.Version}) }
	default:
		var except stores.ID
		if ev.Op, ev.ID = OpRevoke, ""; c.rng.IntN(2) == 0 {
			except, ev.Except = id, id.String()
		}
		do = func() error {
			r, err := stores.RevokeIdentity(c.ctx, c.store, ev.Identity, except)
			ev.Result = Result{Count: r.Count, Marked: err == nil && r.Ago != stores.NotRevoked}
			return err
		}
	}
	ev.Call = int64(time.Since(c.start))
	err := do()
	ev.Return = int64(time.Since(c.start))
	if err != nil {
		ev.Result = Result{Error: nameOf(err)}
	} else if v := ev.Result.Version; v > 0 {
		c.seen[id] = v
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.h.Events = append(c.h.Events, ev)
}

func nameOf(err error) string {
	for _, known := range []struct {
		err  error
		name string
	}{
		{stores.ErrNotFound, NotFound},
		{stores.ErrConflict, Conflict},
		{stores.ErrExists, Exists},
		{errors.ErrUnsupported, Unsupported},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	return err.Error()
}
