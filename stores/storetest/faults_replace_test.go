package storetest_test

import (
	"context"
	"slices"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	replaceEnds    = "create ends the sessions that it replaces"
	replaceFails   = "a create that fails ends no session"
	replaceInvalid = "an invalid create replaces no session"
	replaceLimit   = "the limit does not count replaced sessions"
	replaceOnce    = "one of many creates replaces a session"
	replaceHints   = "a hint comes when a session is replaced"
)

// replacing changes Create.Replaces.
func replacing(f func(c *stores.Create)) func(*broken) {
	return func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			c.Replaces = slices.Clone(c.Replaces)
			f(&c)
			return b.honest.Create(ctx, c)
		}
	}
}

// replacingAround makes Create delete in a separate step, before or after the
// creation.
func replacingAround(b *broken, before bool) {
	b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
		replaced := c.Replaces
		c.Replaces = nil
		end := func() (err error) {
			for _, old := range replaced {
				gone := b.honest.Delete(ctx, old.ID, stores.Condition{Version: old.Version})
				if gone != nil && (gone != stores.ErrNotFound || !old.MayBeGone) && err == nil {
					err = gone
				}
			}
			return err
		}
		if before {
			if err := end(); err != nil {
				return stores.Created{}, err
			}
		}
		created, err := b.honest.Create(ctx, c)
		if err == nil && !before {
			err = end()
		}
		created.Replaced = len(replaced) > 0
		return created, err
	}
}

// replaceFaults break Create.Replaces.
var replaceFaults = []fault{
	{"replaces the first only", 3, []string{replaceEnds, replaceHints}, replacing(func(c *stores.Create) {
		c.Replaces = c.Replaces[:min(1, len(c.Replaces))]
	})},
	{"replaces those of the identity only", 3, []string{replaceEnds}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			c.Replaces = slices.DeleteFunc(slices.Clone(c.Replaces), func(old stores.Replaced) bool {
				r, err := b.honest.Load(ctx, old.ID)
				return err == nil && r.Identity != c.Identity
			})
			return b.honest.Create(ctx, c)
		}
	}},
	{"replaces all of the identity", 3, []string{replaceEnds}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			if len(c.Replaces) > 0 {
				rows, _ := b.honest.List(ctx, c.Identity)
				for _, r := range rows {
					c.Replaces = append(c.Replaces, stores.Replaced{ID: r.ID, MayBeGone: true})
				}
			}
			return b.honest.Create(ctx, c)
		}
	}},
	{"replaces nothing and says so", 3, []string{replaceEnds, replaceOnce}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			claims := len(c.Replaces) > 0
			c.Replaces = nil
			created, err := b.honest.Create(ctx, c)
			created.Replaced = claims
			return created, err
		}
	}},
	{"replaces and does not say so", 3, []string{replaceEnds}, func(b *broken) {
		createAnswers(b, func(_ stores.Create, created *stores.Created) { created.Replaced = false })
	}},
	{"replaces any version", 3, []string{replaceFails, replaceOnce}, replacing(func(c *stores.Create) {
		window() // lets an update in
		for i := range c.Replaces {
			c.Replaces[i].Version = 0
		}
	})},
	{"replaces a session that is gone", 3, []string{replaceFails, replaceOnce}, replacing(func(c *stores.Create) {
		for i := range c.Replaces {
			c.Replaces[i].MayBeGone = true
		}
	})},
	{"replaces an expired session", 3, []string{replaceFails}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			c.Replaces = slices.Clone(c.Replaces)
			b.mu.Lock()
			for i, old := range c.Replaces {
				_, there := b.rows[old.ID]
				c.Replaces[i].MayBeGone = old.MayBeGone || there
			}
			b.mu.Unlock()
			return b.honest.Create(ctx, c)
		}
	}},
	{"deletes before it creates", 3, []string{replaceFails, replaceInvalid}, func(b *broken) { replacingAround(b, true) }},
	{"creates before it deletes", 6, []string{replaceLimit}, func(b *broken) { replacingAround(b, false) }},
	{"replaces itself", 3, []string{replaceInvalid}, replacing(func(c *stores.Create) {
		c.Replaces = slices.DeleteFunc(c.Replaces, func(old stores.Replaced) bool { return old.ID == c.ID })
	})},
	{"replaces any ID", 3, []string{replaceInvalid}, replacing(func(c *stores.Create) {
		c.Replaces = slices.DeleteFunc(c.Replaces, func(old stores.Replaced) bool { return old.ID.IsZero() || old.Version < 0 })
	})},
	{"a replaced session makes room for any identity", 6, []string{replaceLimit}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			if c.Limit > 0 && c.Identity != "" {
				for _, old := range c.Replaces {
					if r, err := b.honest.Load(ctx, old.ID); err == nil && r.Identity != c.Identity {
						c.Limit++
					}
				}
			}
			return b.honest.Create(ctx, c)
		}
	}},
	{"a replaced session counts", 6, []string{replaceLimit}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			rows, _ := b.honest.List(ctx, c.Identity)
			if c.Refuse && c.Limit > 0 && len(rows) >= c.Limit {
				return stores.Created{}, stores.ErrLimit
			}
			return b.honest.Create(ctx, c)
		}
	}},
	{"replace looks before it locks", 3, []string{replaceOnce}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			if err := ctx.Err(); err != nil || len(c.Replaces) == 0 {
				return b.honest.Create(ctx, c)
			}
			b.mu.Lock()
			ids, err := b.replaced(c)
			b.mu.Unlock()
			if err != nil {
				return stores.Created{}, err
			}
			window()
			defer b.lock()()
			for id := range ids {
				delete(b.rows, id)
			}
			created := b.insert(c, 0)
			created.Replaced = true
			return created, nil
		}
	}},
	{"replacing gives no hints", 3, []string{replaceHints}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			unlock := b.lock()
			ears := b.ears
			b.ears = nil
			unlock()
			defer func() {
				defer b.lock()()
				b.ears = ears
			}()
			return b.honest.Create(ctx, c)
		}
	}},
	{"a create that fails is hinted at", 3, []string{replaceHints}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			unlock := b.lock()
			for _, old := range c.Replaces {
				b.hint(old.ID)
			}
			unlock()
			return b.honest.Create(ctx, c)
		}
	}},
}

const (
	notAfter     = "L2 create keeps to a time"
	notAfterNow  = "L2 create after its time makes no session"
	shortens     = "L2 update can shorten"
	restarts     = "update restarts the deadline"
	payloadLimit = "a payload has a limit"
)

// boundFaults break the bounds of deadlines and payloads.
var boundFaults = []fault{
	{"create ignores its time", 10, []string{notAfter, notAfterNow}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			c.NotAfter = time.Time{}
			return b.honest.Create(ctx, c)
		}
	}},
	{"create takes its time for the deadline", 10, []string{notAfter}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			if !c.NotAfter.IsZero() {
				c.Absolute = max(1, c.NotAfter.Sub(b.honest.now()))
			}
			return b.honest.Create(ctx, c)
		}
	}},
	{"a session that is over is made", 10, []string{notAfterNow}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			if !c.NotAfter.IsZero() && !c.NotAfter.After(b.honest.now()) {
				c.NotAfter, c.Absolute = time.Time{}, 1
			}
			return b.honest.Create(ctx, c)
		}
	}},
	{"shorten lengthens", 10, []string{shortens}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			u.Shorten = false
			return b.honest.Update(ctx, u)
		}
	}},
	{"shorten does nothing", 10, []string{shortens}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			if u.Shorten {
				u.Absolute = 0
			}
			return b.honest.Update(ctx, u)
		}
	}},
	{"update never moves the deadline later", 2, []string{restarts}, func(b *broken) {
		b.update = func(ctx context.Context, u stores.Update) (stores.Updated, error) {
			u.Shorten = true
			return b.honest.Update(ctx, u)
		}
	}},
	{"update takes any payload", 11, []string{payloadLimit}, func(b *broken) {
		b.update = func(_ context.Context, u stores.Update) (stores.Updated, error) {
			defer b.lock()()
			return b.apply(b.rows[u.ID], u), nil
		}
	}},
	{"create takes any payload", 11, []string{payloadLimit}, func(b *broken) {
		b.create = func(_ context.Context, c stores.Create) (stores.Created, error) {
			defer b.lock()()
			return b.insert(c, 0), nil
		}
	}},
	{"a payload is cut off at the limit", 11, []string{payloadLimit}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			c.Payload = c.Payload[:min(len(c.Payload), 1<<20)]
			return b.honest.Create(ctx, c)
		}
	}},
	{"the limit is lower than it says", 11, []string{payloadLimit}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			if len(c.Payload) > 1<<19 {
				return stores.Created{}, stores.ErrTooLarge
			}
			return b.honest.Create(ctx, c)
		}
	}},
}
