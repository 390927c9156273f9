package storetest_test

import (
	"bytes"
	"context"
	"math"
	"time"

	"github.com/humasess/sessions/stores"
)

// writeFaults break the promises about single sessions: 1, 2 and 3.
var writeFaults = []fault{
	{"create overwrites", 1, []string{"T7 create never overwrites", "T7 one of many creates wins"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			b.mu.Lock()
			delete(b.rows, c.ID)
			b.mu.Unlock()
			return b.honest.Create(ctx, c)
		}
	}},
	{"create looks before it locks", 1, []string{"T7 one of many creates wins"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			if _, err := b.honest.Load(ctx, c.ID); err == nil {
				return stores.Created{}, stores.ErrExists
			}
			window()
			defer b.lock()()
			return b.insert(c, 0), nil
		}
	}},
	{"create evicts before it looks", 1, []string{"T7 create that failed evicts no session"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			b.mu.Lock()
			for rows := b.of(c.Identity); c.Limit > 0 && len(rows) >= c.Limit; rows = rows[1:] {
				delete(b.rows, rows[0].ID)
			}
			b.mu.Unlock()
			return b.honest.Create(ctx, c)
		}
	}},
	{"create takes anything", 1, []string{"invalid creates are errors"}, func(b *broken) {
		b.create = func(_ context.Context, c stores.Create) (stores.Created, error) {
			defer b.lock()()
			return b.insert(c, 0), nil
		}
	}},
	{"NewID repeats itself", 1, []string{"IDs are never made twice"}, func(b *broken) {
		n := byte(0)
		b.newID = func(context.Context, string) (stores.ID, error) {
			n++
			return stores.ID{15: n}, nil
		}
	}},

	{"update ignores the version", 2, []string{"update replaces exactly its version", "one of many updates wins", "no acknowledged update is lost"}, func(b *broken) {
		b.update = func(_ context.Context, u stores.Update) (stores.Updated, error) {
			defer b.lock()()
			r, ok := b.live(u.ID)
			if !ok {
				return stores.Updated{}, stores.ErrNotFound
			}
			return b.apply(r, u), nil
		}
	}},
	{"update looks before it locks", 2, []string{"one of many updates wins", "no acknowledged update is lost"}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			switch r, err := b.honest.Load(ctx, u.ID); {
			case err != nil:
				return stores.Updated{}, err
			case r.Version != u.Version:
				return stores.Updated{}, stores.ErrConflict
			}
			window()
			defer b.lock()()
			r, ok := b.live(u.ID)
			if !ok {
				return stores.Updated{}, stores.ErrNotFound
			}
			return b.apply(r, u), nil
		}
	}},
	{"update keeps the version", 2, []string{"update replaces exactly its version"}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			updated, err := b.honest.Update(ctx, u)
			defer b.lock()()
			if r, ok := b.rows[u.ID]; ok && err == nil {
				r.Version--
				updated.Version--
			}
			return updated, err
		}
	}},
	{"update creates", 2, []string{"R12 update-miss never falls back to create"}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			updated, err := b.honest.Update(ctx, u)
			if err != stores.ErrNotFound {
				return updated, err
			}
			c, err := b.honest.Create(ctx, stores.Create{ID: u.ID, Payload: u.Payload, Idle: u.Idle, Absolute: u.Absolute})
			return stores.Updated{Version: c.Version}, err
		}
	}},
	{"touch creates", 2, []string{"R12 update-miss never falls back to create"}, func(b *broken) {
		b.touch = func(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
			expires, err := b.honest.Touch(ctx, id, idle)
			if err != stores.ErrNotFound {
				return expires, err
			}
			c, err := b.honest.Create(ctx, stores.Create{ID: id, Idle: idle, Absolute: idle})
			return c.Expires, err
		}
	}},

	{"delete ignores its condition", 3, []string{"delete keeps to its condition"}, func(b *broken) {
		b.delete = func(ctx context.Context, id stores.ID, _ stores.Condition) error {
			return b.honest.Delete(ctx, id, stores.Condition{})
		}
	}},
	{"delete looks before it locks", 3, []string{"one of many deletes wins"}, func(b *broken) {
		b.delete = func(ctx context.Context, id stores.ID, _ stores.Condition) error {
			if _, err := b.honest.Load(ctx, id); err != nil {
				return err
			}
			window()
			defer b.lock()()
			delete(b.rows, id)
			return nil
		}
	}},
	{"update writes back the session that it read", 3, []string{"R11 no resurrection by update", "R2 revoke is atomic against updates and touches"}, func(b *broken) {
		b.update = func(_ context.Context, u stores.Update) (stores.Updated, error) {
			b.mu.Lock()
			old, ok := b.live(u.ID)
			if !ok || old.Version != u.Version {
				b.mu.Unlock()
				return stores.Updated{}, stores.ErrNotFound
			}
			r := *old
			b.mu.Unlock()
			window()
			defer b.lock()()
			b.rows[u.ID] = &r
			return b.apply(&r, u), nil
		}
	}},
	{"touch writes back the session that it read", 3, []string{"R11 no resurrection by touch", "R2 revoke is atomic against updates and touches"}, func(b *broken) {
		b.touch = func(_ context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
			b.mu.Lock()
			old, ok := b.live(id)
			if !ok {
				b.mu.Unlock()
				return time.Time{}, stores.ErrNotFound
			}
			r := *old
			b.mu.Unlock()
			window()
			defer b.lock()()
			b.extend(&r, idle)
			b.rows[id] = &r
			return r.Expires, nil
		}
	}},
	{"load reads a replica that lags", 3, []string{"concurrent histories are consistent"}, func(b *broken) {
		replica := make(map[stores.ID]stores.Record)
		calls := 0
		b.load = func(ctx context.Context, id stores.ID) (stores.Record, error) {
			fresh, err := b.honest.Load(ctx, id)
			defer b.lock()()
			calls++
			if old, ok := replica[id]; ok && calls%3 == 0 {
				old.Payload = bytes.Clone(old.Payload)
				return old, nil
			}
			if err == nil {
				replica[id] = fresh
			}
			return fresh, err
		}
	}},
	{"delete is late", 3, []string{"concurrent histories are consistent", "delete keeps to its condition"}, func(b *broken) {
		var due stores.ID // is deleted with the next one
		b.delete = func(ctx context.Context, id stores.ID, when stores.Condition) error {
			r, err := b.honest.Load(ctx, id)
			switch {
			case err != nil:
				return err
			case when.Version != 0 && r.Version != when.Version:
				return stores.ErrConflict
			}
			defer b.lock()()
			delete(b.rows, due)
			due = id
			return nil
		}
	}},
}

// clockFaults break promise 10.
var clockFaults = []fault{
	{"the wall clock counts", 10, []string{"the store's clock is the one that counts", "L1 expired by idle timeout is gone"}, func(b *broken) {
		b.useClock = func(func() time.Time) {}
	}},
	{"expires after its deadline", 10, []string{"L1 create sets the times"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			defer b.lock()()
			if r, ok := b.rows[c.ID]; ok {
				r.Expires = later(r.LastSeen, c.Idle)
				created.Expires = r.Expires
			}
			return created, err
		}
	}},
	{"touch never writes", 10, []string{"L1 touch extends", "L10 touch is throttled"}, func(b *broken) {
		b.touch = func(ctx context.Context, id stores.ID, _ time.Duration) (time.Time, error) {
			r, err := b.honest.Load(ctx, id)
			return r.Expires, err
		}
	}},
	{"touch moves the deadline", 10, []string{"L1 touch extends", "L2 touch never passes the deadline"}, func(b *broken) {
		b.touch = func(_ context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
			defer b.lock()()
			r, ok := b.live(id)
			if !ok {
				return time.Time{}, stores.ErrNotFound
			}
			r.Deadline = r.Deadline.Add(idle)
			b.extend(r, idle)
			return r.Expires, nil
		}
	}},
	{"touch counts as an update", 10, []string{"L1 touch extends"}, func(b *broken) {
		b.touch = func(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
			expires, err := b.honest.Touch(ctx, id, idle)
			defer b.lock()()
			if r, ok := b.rows[id]; ok {
				r.Version++
			}
			return expires, err
		}
	}},
	{"touch is not throttled", 10, []string{"L10 touch is throttled"}, func(b *broken) {
		b.touch = func(_ context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
			defer b.lock()()
			r, ok := b.live(id)
			if !ok {
				return time.Time{}, stores.ErrNotFound
			}
			b.extend(r, idle)
			return r.Expires, nil
		}
	}},
	{"update always extends", 10, []string{"update keeps times it is not given"}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			if u.Idle == 0 {
				u.Idle = time.Hour
			}
			return b.honest.Update(ctx, u)
		}
	}},
	{"update never extends", 10, []string{"update keeps times it is not given"}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			u.Idle, u.Absolute = 0, 0
			return b.honest.Update(ctx, u)
		}
	}},
	{"huge timeouts overflow", 10, []string{"huge timeouts are long"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			defer b.lock()()
			if r, ok := b.rows[c.ID]; ok && c.Idle > math.MaxInt64/2 {
				r.Expires = time.Unix(0, r.LastSeen.UnixNano()+int64(c.Idle))
				created.Expires = r.Expires
			}
			return created, err
		}
	}},
}
