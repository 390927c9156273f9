package storetest_test

import (
	"context"

	"github.com/humasess/sessions/stores"
)

// refuseFaults break limits with Refuse.
var refuseFaults = []fault{
	{"a limit never refuses", 6, []string{"R6 a limit may refuse the new one", "R6 a limit that refuses is exact under parallel creates"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			c.Refuse = false
			return b.honest.Create(ctx, c)
		}
	}},
	{"a limit refuses one too late", 6, []string{"R6 a limit may refuse the new one", "R6 a limit that refuses is exact under parallel creates"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			if c.Refuse && c.Limit > 0 {
				c.Limit++
			}
			return b.honest.Create(ctx, c)
		}
	}},
	{"a limit refuses the anonymous", 6, []string{"R6 a limit may refuse the new one"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			b.mu.Lock()
			over := c.Refuse && c.Identity == "" && c.Limit > 0 && len(b.of("")) >= c.Limit
			b.mu.Unlock()
			if over {
				return stores.Created{}, stores.ErrLimit
			}
			return b.honest.Create(ctx, c)
		}
	}},
	{"a limit refuses and writes", 6, []string{"R6 a limit may refuse the new one"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			if err == stores.ErrLimit {
				defer b.lock()()
				b.insert(c, 0)
			}
			return created, err
		}
	}},
	{"a limit that refuses counts the expired", 6, []string{"R6 a limit that refuses counts live sessions only"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			b.mu.Lock()
			n := 0
			for _, r := range b.rows {
				if r.Identity == c.Identity {
					n++
				}
			}
			b.mu.Unlock()
			if c.Refuse && c.Identity != "" && n >= c.Limit {
				return stores.Created{}, stores.ErrLimit
			}
			return b.honest.Create(ctx, c)
		}
	}},
	{"a limit that refuses looks before it locks", 6, []string{"R6 a limit that refuses is exact under parallel creates"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			rows, _ := b.honest.List(ctx, c.Identity)
			if c.Refuse && len(rows) >= c.Limit {
				return stores.Created{}, stores.ErrLimit
			}
			window()
			defer b.lock()()
			return b.insert(c, 0), nil
		}
	}},
}
