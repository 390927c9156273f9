package storetest_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/humasess/sessions/stores"
)

// indexFaults break the promises about the sessions of an identity: 5, 6 and 7.
var indexFaults = []fault{
	{"revoke deletes only the sessions that it listed", 5, []string{"R2 revoke is atomic against creates"}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			listed, err := b.honest.List(ctx, identity)
			if err != nil {
				return stores.Revoked{}, err
			}
			window()
			defer b.lock()()
			revoked := stores.Revoked{Ago: b.ago(identity)}
			b.marks[identity] = time.Now()
			for _, r := range listed {
				if _, ok := b.live(r.ID); ok && r.ID != except {
					delete(b.rows, r.ID)
					revoked.Count++
				}
			}
			return revoked, nil
		}
	}},
	{"revoke marks after the fact", 5, []string{"R2 revoke is atomic against creates"}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			b.mu.Lock()
			mark, marked := b.marks[identity]
			b.mu.Unlock()
			revoked, err := b.honest.RevokeIdentity(ctx, identity, except)
			b.mu.Lock()
			if delete(b.marks, identity); marked {
				b.marks[identity] = mark
			}
			b.mu.Unlock()
			window()
			defer b.lock()()
			b.marks[identity] = time.Now()
			return revoked, err
		}
	}},
	{"revoke leaves no mark", 5, []string{"R2 revocation leaves a mark", "R2 revoke is atomic against creates"}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			revoked, err := b.honest.RevokeIdentity(ctx, identity, except)
			defer b.lock()()
			delete(b.marks, identity)
			return revoked, err
		}
	}},
	{"revoke marks only identities with sessions", 5, []string{"R2 revocation leaves a mark"}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			revoked, err := b.honest.RevokeIdentity(ctx, identity, except)
			defer b.lock()()
			if revoked.Count == 0 {
				delete(b.marks, identity)
			}
			return revoked, err
		}
	}},
	{"marks seem older than they are", 5, []string{"R2 revocation leaves a mark"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			if created.RevokedAgo > stores.NotRevoked {
				created.RevokedAgo += 2 * time.Second
			}
			return created, err
		}
	}},
	{"marks are measured at another time than Now", 5, []string{"R2 revocation leaves a mark"}, func(b *broken) {
		calls := 0
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			defer b.lock()()
			calls++
			created.Now = created.Now.Add(time.Duration(calls) * time.Second)
			return created, err
		}
	}},
	{"one mark is like another", 5, []string{"R2 a mark names its revocation"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			created.Mark = min(created.Mark, 1)
			return created, err
		}
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			revoked, err := b.honest.RevokeIdentity(ctx, identity, except)
			revoked.Mark = min(revoked.Mark, 1)
			return revoked, err
		}
	}},
	{"create invents a mark", 5, []string{"R2 a mark names its revocation"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			created.Mark++
			return created, err
		}
	}},
	{"marks never age", 5, []string{"R2 revocation leaves a mark"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			created.RevokedAgo = min(created.RevokedAgo, 0)
			return created, err
		}
	}},
	{"create consumes the mark", 5, []string{"R2 revocation leaves a mark"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			defer b.lock()()
			delete(b.marks, c.Identity)
			return created, err
		}
	}},
	{"revoke keeps no session", 5, []string{"R3 revoke others keeps one"}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, _ stores.ID) (stores.Revoked, error) {
			return b.honest.RevokeIdentity(ctx, identity, stores.ID{})
		}
	}},
	{"revoke gives up when the one to keep is another's", 5, []string{"R3 revoke others keeps one"}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			if r, err := b.honest.Load(ctx, except); err == nil && r.Identity != identity {
				return stores.Revoked{Ago: stores.NotRevoked}, nil
			}
			return b.honest.RevokeIdentity(ctx, identity, except)
		}
	}},
	{"revoke goes by prefix", 5, []string{"R2 revoke identity ends all its sessions", "identities are told apart"}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			revoked, err := b.honest.RevokeIdentity(ctx, identity, except)
			defer b.lock()()
			for id, r := range b.rows {
				if err == nil && strings.HasPrefix(r.Identity, identity) && id != except {
					delete(b.rows, id)
				}
			}
			return revoked, err
		}
	}},

	{"limit looks before it locks", 6, []string{"limit is exact under parallel creates"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			evicted := 0
			rows, _ := b.honest.List(ctx, c.Identity)
			if c.Limit > 0 && len(rows) >= c.Limit {
				evicted = len(rows) - c.Limit + 1
			}
			for _, r := range rows[:evicted] {
				if err := b.honest.Delete(ctx, r.ID, stores.Condition{}); err != nil {
					evicted--
				}
			}
			window()
			defer b.lock()()
			return b.insert(c, evicted), nil
		}
	}},
	{"the newest gives way", 6, []string{"the oldest gives way"}, evictsBy(func(rows []*row) *row { return rows[len(rows)-1] })},
	{"the least recently used gives way", 6, []string{"the oldest gives way"}, evictsBy(func(rows []*row) *row {
		return slices.MinFunc(rows, func(x, y *row) int { return x.LastSeen.Compare(y.LastSeen) })
	})},
	{"limit counts the expired", 6, []string{"the limit counts live sessions only"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			b.mu.Lock()
			for _, r := range b.rows {
				if c.Limit > 0 && r.Identity == c.Identity && !r.Expires.After(b.now()) {
					c.Limit = max(1, c.Limit-1)
				}
			}
			b.mu.Unlock()
			return b.honest.Create(ctx, c)
		}
	}},
	{"limit holds for the anonymous", 6, []string{"the limit is for identities"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			b.mu.Lock()
			for rows := b.of(""); c.Identity == "" && c.Limit > 0 && len(rows) >= c.Limit; rows = rows[1:] {
				delete(b.rows, rows[0].ID)
			}
			b.mu.Unlock()
			return b.honest.Create(ctx, c)
		}
	}},

	{"the index keeps ended sessions", 7, []string{"R7 index shrinks however sessions end", "R9 destroy removes index entry"}, func(b *broken) {
		ever := make(map[string][]stores.Record)
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			if r, lost := b.honest.Load(ctx, c.ID); lost == nil && err == nil {
				defer b.lock()()
				ever[c.Identity] = append(ever[c.Identity], r)
			}
			return created, err
		}
		b.list = func(_ context.Context, identity string) ([]stores.Record, error) {
			defer b.lock()()
			return slices.Clone(ever[identity]), nil
		}
	}},
	{"the index waits for a sweep", 7, []string{"R7 index shrinks however sessions end"}, func(b *broken) {
		b.list = func(_ context.Context, identity string) ([]stores.Record, error) {
			defer b.lock()()
			var all []stores.Record
			for _, r := range b.rows {
				if r.Identity == identity {
					all = append(all, b.out(r))
				}
			}
			return all, nil
		}
	}},
	{"the index holds the anonymous", 7, []string{"R8 no index entry for anonymous"}, func(b *broken) {
		b.list = func(_ context.Context, identity string) ([]stores.Record, error) {
			defer b.lock()()
			var all []stores.Record
			for _, r := range b.of(identity) {
				all = append(all, b.out(r))
			}
			return all, nil
		}
	}},
	{"revoke ends the anonymous", 7, []string{"R8 no index entry for anonymous"}, func(b *broken) {
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			if identity != "" {
				return b.honest.RevokeIdentity(ctx, identity, except)
			}
			defer b.lock()()
			for _, r := range b.of("") {
				delete(b.rows, r.ID)
			}
			return stores.Revoked{}, nil
		}
	}},
	{"list extends", 7, []string{"list returns whole sessions, oldest first"}, func(b *broken) {
		b.list = func(ctx context.Context, identity string) ([]stores.Record, error) {
			b.mu.Lock()
			for _, r := range b.of(identity) {
				b.extend(r, 50*time.Minute)
			}
			b.mu.Unlock()
			return b.honest.List(ctx, identity)
		}
	}},
	{"list is newest first", 7, []string{"list returns whole sessions, oldest first", "the oldest gives way"}, func(b *broken) {
		b.list = func(ctx context.Context, identity string) ([]stores.Record, error) {
			all, err := b.honest.List(ctx, identity)
			slices.Reverse(all)
			return all, err
		}
	}},
	{"identities are folded", 7, []string{"identities are told apart", "R2 revoke identity ends all its sessions"}, func(b *broken) {
		fold := func(identity string) string { return strings.TrimSpace(strings.ToLower(identity)) }
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			c.Identity = fold(c.Identity)
			return b.honest.Create(ctx, c)
		}
		b.list = func(ctx context.Context, identity string) ([]stores.Record, error) {
			return b.honest.List(ctx, fold(identity))
		}
		b.revoke = func(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
			return b.honest.RevokeIdentity(ctx, fold(identity), except)
		}
	}},
}

// evictsBy makes the limit end the session that pick chooses.
func evictsBy(pick func([]*row) *row) func(*broken) {
	return func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			defer b.lock()()
			evicted := 0
			for rows := b.of(c.Identity); c.Limit > 0 && len(rows) >= c.Limit; rows = b.of(c.Identity) {
				delete(b.rows, pick(rows).ID)
				evicted++
			}
			return b.insert(c, evicted), nil
		}
	}
}
