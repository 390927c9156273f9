package storetest_test

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
)

const (
	ageRevoked = "a create that is older than a revocation is refused"
	ageChanged = "a create that is older than a change is refused"
)

// aging changes the age that Create uses.
func aging(f func(c *stores.Create)) func(*broken) {
	return func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			f(&c)
			return b.honest.Create(ctx, c)
		}
	}
}

var ageFaults = []fault{
	{"age is ignored", 5, []string{ageRevoked, ageChanged}, aging(func(c *stores.Create) { c.Age = 0 })},
	{"age is always too much", 5, []string{ageRevoked, ageChanged}, aging(func(c *stores.Create) { c.Age = 24 * time.Hour })},
	{"a create that is refused for its age replaces sessions", 5, []string{ageRevoked, ageChanged}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			if err == stores.ErrRevoked || err == stores.ErrChanged {
				for _, old := range c.Replaces {
					_ = b.honest.Delete(ctx, old.ID, stores.Condition{})
				}
			}
			return created, err
		}
	}},
	{"a create that is refused for its age creates", 5, []string{ageRevoked, ageChanged}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			if err == stores.ErrRevoked || err == stores.ErrChanged {
				c.Age, c.Replaces = 0, nil
				_, _ = b.honest.Create(ctx, c)
			}
			return created, err
		}
	}},
	{"one answer for both marks", 5, []string{ageChanged}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			if err == stores.ErrChanged {
				err = stores.ErrRevoked
			}
			return created, err
		}
	}},
}
