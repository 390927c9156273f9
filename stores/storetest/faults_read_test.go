package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/stores"
)

// expiryFaults break promise 4.
var expiryFaults = []fault{
	{"load returns the expired", 4, []string{"L1 expired by idle timeout is gone", "L2 expired by deadline is gone", "expired after an update is gone"}, func(b *broken) {
		b.load = func(_ context.Context, id stores.ID) (stores.Record, error) {
			defer b.lock()()
			if r, ok := b.rows[id]; ok {
				return b.out(r), nil
			}
			return stores.Record{}, stores.ErrNotFound
		}
	}},
	{"touch revives the expired", 4, []string{"L1 expired by idle timeout is gone"}, func(b *broken) {
		b.touch = func(_ context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
			defer b.lock()()
			r, ok := b.rows[id]
			if !ok {
				return time.Time{}, stores.ErrNotFound
			}
			b.extend(r, idle)
			return r.Expires, nil
		}
	}},
	{"update revives the expired", 4, []string{"L1 expired by idle timeout is gone", "L2 expired by deadline is gone"}, func(b *broken) {
		b.update = func(_ context.Context, u stores.Update) (stores.Updated, error) {
			defer b.lock()()
			r, ok := b.rows[u.ID]
			if !ok {
				return stores.Updated{}, stores.ErrNotFound
			}
			return b.apply(r, u), nil
		}
	}},
	{"delete finds the expired", 4, []string{"L1 expired by idle timeout is gone"}, func(b *broken) {
		b.delete = func(_ context.Context, id stores.ID, _ stores.Condition) error {
			defer b.lock()()
			if _, ok := b.rows[id]; !ok {
				return stores.ErrNotFound
			}
			delete(b.rows, id)
			return nil
		}
	}},
	{"update never shortens", 4, []string{"expired after an update is gone"}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			if u.Idle < time.Hour {
				u.Idle = 0
			}
			if u.Absolute < time.Hour {
				u.Absolute = 0
			}
			return b.honest.Update(ctx, u)
		}
	}},
	{"create inherits from the expired", 4, []string{"an expired session leaves its ID"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			b.mu.Lock()
			if old, ok := b.rows[c.ID]; ok {
				c.Identity = old.Identity
			}
			b.mu.Unlock()
			return b.honest.Create(ctx, c)
		}
	}},
	{"load many returns the expired and deleted", 4, []string{"L1 expired by idle timeout is gone", "load many returns the live sessions"}, func(b *broken) {
		b.loadMany = func(_ context.Context, ids []stores.ID) ([]stores.Record, error) {
			defer b.lock()()
			var all []stores.Record
			for _, id := range ids {
				if r, ok := b.rows[id]; ok {
					all = append(all, b.out(r))
				} else {
					all = append(all, stores.Record{ID: id})
				}
			}
			return all, nil
		}
	}},
	{"load memo returns the expired", 4, []string{"L1 expired by idle timeout is gone"}, func(b *broken) {
		b.loadMemo = func(_ context.Context, id stores.ID) (stores.Record, *stores.Memo, error) {
			defer b.lock()()
			if r, ok := b.rows[id]; ok {
				return b.out(r), r.memo, nil
			}
			return stores.Record{}, nil, stores.ErrNotFound
		}
	}},
}

// byteFaults break promises 8 and 9.
var byteFaults = []fault{
	{"payloads are trimmed", 8, []string{"payloads come back unchanged"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			c.Payload = bytes.TrimRight(c.Payload, "\x00 ")
			return b.honest.Create(ctx, c)
		}
	}},
	{"payloads are text", 8, []string{"payloads come back unchanged"}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			u.Payload = bytes.ToValidUTF8(u.Payload, []byte("?"))
			return b.honest.Update(ctx, u)
		}
	}},
	{"create keeps the caller's buffer", 8, []string{"buffers are not shared with the store"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			defer b.lock()()
			if r, ok := b.rows[c.ID]; ok {
				r.Payload = c.Payload
			}
			return created, err
		}
	}},
	{"update keeps the caller's buffer", 8, []string{"buffers are not shared with the store"}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			updated, err := b.honest.Update(ctx, u)
			defer b.lock()()
			if r, ok := b.rows[u.ID]; ok && err == nil {
				r.Payload = u.Payload
			}
			return updated, err
		}
	}},
	{"load returns its own buffer", 8, []string{"buffers are not shared with the store"}, func(b *broken) {
		b.load = func(ctx context.Context, id stores.ID) (stores.Record, error) {
			out, err := b.honest.Load(ctx, id)
			defer b.lock()()
			if r, ok := b.rows[id]; ok && err == nil {
				out.Payload = r.Payload
			}
			return out, err
		}
	}},
	{"list returns its own buffers", 8, []string{"buffers are not shared with the store"}, func(b *broken) {
		b.list = func(ctx context.Context, identity string) ([]stores.Record, error) {
			all, err := b.honest.List(ctx, identity)
			defer b.lock()()
			for i := range all {
				if r, ok := b.rows[all[i].ID]; ok {
					all[i].Payload = r.Payload
				}
			}
			return all, err
		}
	}},
	{"memo outlives its payload", 8, []string{"a memo belongs to its payload"}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			_, memo, _ := b.honest.LoadMemo(ctx, u.ID)
			updated, err := b.honest.Update(ctx, u)
			defer b.lock()()
			if r, ok := b.rows[u.ID]; ok && err == nil {
				r.memo = memo
			}
			return updated, err
		}
	}},
	{"touch forgets the memo", 8, []string{"a memo belongs to its payload"}, func(b *broken) {
		b.touch = func(ctx context.Context, id stores.ID, idle time.Duration) (time.Time, error) {
			expires, err := b.honest.Touch(ctx, id, idle)
			defer b.lock()()
			if r, ok := b.rows[id]; ok {
				r.memo = new(stores.Memo)
			}
			return expires, err
		}
	}},

	{"load ignores its context", 9, []string{"a cancelled context is honoured", "a context past its deadline is honoured"}, func(b *broken) {
		b.load = func(ctx context.Context, id stores.ID) (stores.Record, error) {
			return b.honest.Load(context.WithoutCancel(ctx), id)
		}
	}},
	{"delete works before it looks at its context", 9, []string{"a cancelled context is honoured", "a context past its deadline is honoured"}, func(b *broken) {
		b.delete = func(ctx context.Context, id stores.ID, when stores.Condition) error {
			return errors.Join(b.honest.Delete(context.WithoutCancel(ctx), id, when), ctx.Err())
		}
	}},
	{"revoke marks before it looks at its context", 9, []string{"a cancelled context is honoured"}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			b.mu.Lock()
			b.marks[identity] = time.Now()
			b.mu.Unlock()
			return b.honest.RevokeIdentity(ctx, identity, except)
		}
	}},
	{"close works once and drops everything", 9, []string{"close is idempotent and keeps sessions"}, func(b *broken) {
		closed := false
		b.close = func(context.Context) error {
			defer b.lock()()
			if closed {
				return errors.New("closed twice")
			}
			closed = true
			clear(b.rows)
			return nil
		}
	}},
}
