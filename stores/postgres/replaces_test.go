package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
)

// replace creates a session of an identity that replaces others.
func replace(ctx context.Context, t *testing.T, store stores.Store, identity string, change func(*stores.Create), old ...stores.Replaced) (stores.ID, stores.Created, error) {
	t.Helper()
	id, err := stores.RandomID()
	if err != nil {
		t.Fatal(err)
	}
	c := stores.Create{ID: id, Identity: identity, Idle: time.Hour, Absolute: time.Hour, Replaces: old}
	if change != nil {
		change(&c)
	}
	created, err := store.Create(ctx, c)
	return id, created, err
}

// live returns the live sessions of an identity, as seen outside the
// transaction.
func live(ctx context.Context, t *testing.T, store stores.Index, identity string) map[stores.ID]bool {
	t.Helper()
	records, err := store.List(ctx, identity)
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[stores.ID]bool)
	for _, r := range records {
		ids[r.ID] = true
	}
	return ids
}

func TestReplaces(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	name := schema(t, pool)
	heard := watch(t, hinted(t, shared(t), &postgres.Options{Schema: name}))
	store := hinted(t, pool, &postgres.Options{Schema: name})
	ctx := t.Context()
	refuse := func(c *stores.Create) { c.Limit, c.Refuse = 2, true }
	evict := func(c *stores.Create) { c.Limit = 2 }
	none := stores.ID{9, 9}

	for i, tt := range []struct {
		name   string
		change func(*stores.Create)
		old    func(one, other stores.ID) []stores.Replaced
		want   error
		gone   int // of the two, beginning with the first
	}{
		{"exactly this version", nil, func(a, _ stores.ID) []stores.Replaced { return []stores.Replaced{{ID: a, Version: 1}} }, nil, 1},
		{"any version", nil, func(a, _ stores.ID) []stores.Replaced { return []stores.Replaced{{ID: a}} }, nil, 1},
		{"an ID twice", nil, func(a, _ stores.ID) []stores.Replaced { return []stores.Replaced{{ID: a}, {ID: a, Version: 1}} }, nil, 1},
		{"both", nil, func(a, b stores.ID) []stores.Replaced { return []stores.Replaced{{ID: b}, {ID: a}} }, nil, 2},
		{"another version", nil, func(a, b stores.ID) []stores.Replaced {
			return []stores.Replaced{{ID: a, Version: 1}, {ID: b, Version: 2}}
		}, stores.ErrConflict, 0},
		{"one is gone", nil, func(a, _ stores.ID) []stores.Replaced {
			return []stores.Replaced{{ID: a, Version: 1}, {ID: none}}
		}, stores.ErrNotFound, 0},
		{"one may be gone", nil, func(a, _ stores.ID) []stores.Replaced {
			return []stores.Replaced{{ID: none, Version: 3, MayBeGone: true}, {ID: a, Version: 1}}
		}, nil, 1},
		{"it makes room where others are refused", refuse, func(a, _ stores.ID) []stores.Replaced { return []stores.Replaced{{ID: a}} }, nil, 1},
		{"it makes room where others give way", evict, func(_, b stores.ID) []stores.Replaced { return []stores.Replaced{{ID: b}} }, nil, -1},
		{"refused all the same", func(c *stores.Create) { c.Limit, c.Refuse = 1, true },
			func(a, _ stores.ID) []stores.Replaced { return []stores.Replaced{{ID: a}} }, stores.ErrLimit, 0},
		{"past NotAfter", func(c *stores.Create) { c.NotAfter = time.Unix(1, 0) },
			func(a, _ stores.ID) []stores.Replaced { return []stores.Replaced{{ID: a}} }, stores.ErrNotFound, 0},
	} {
		for _, inside := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, in a transaction %v", tt.name, inside), func(t *testing.T) {
				identity := fmt.Sprint(i, inside)
				one, _, err := replace(ctx, t, store, identity, nil)
				if err != nil {
					t.Fatal(err)
				}
				other, _, err := replace(ctx, t, store, identity, nil)
				if err != nil {
					t.Fatal(err)
				}
				call := ctx
				if inside {
					tx, err := pool.Begin(ctx)
					if err != nil {
						t.Fatal(err)
					}
					call = postgres.WithTx(ctx, tx)
					defer func() {
						if err := tx.Rollback(context.Background()); err != nil {
							t.Error(err)
						}
					}()
				}
				id, created, err := replace(call, t, store, identity, tt.change, tt.old(one, other)...)
				if !errors.Is(err, tt.want) || created.Replaced != (tt.want == nil) || created.Evicted != 0 {
					t.Errorf("got %+v and error %v, want error %v", created, err, tt.want)
				}
				got := live(call, t, store, identity)
				if got[id] != (tt.want == nil) || got[one] != (tt.gone < 1) || got[other] != (tt.gone == 0 || tt.gone == 1) {
					t.Errorf("got %v, want %d of %v and %v gone, and the new one if there was no error", got, tt.gone, one, other)
				}
				if inside { // a rollback gives no hints
					return
				}
				switch want := map[int][]stores.ID{1: {one}, -1: {other}}[tt.gone]; tt.gone {
				case 2:
					if a, b := next(t, heard), next(t, heard); a == b || (a != one && a != other) || (b != one && b != other) {
						t.Errorf("hints: got %v and %v, want %v and %v", a, b, one, other)
					}
				default:
					hears(t, heard, want...)
				}
			})
		}
	}
	t.Run("mistakes", func(t *testing.T) {
		for _, old := range []stores.Replaced{{}, {ID: none, Version: -1}} {
			if _, _, err := replace(ctx, t, store, "ada", nil, old); err == nil {
				t.Errorf("%+v: got no error", old)
			}
		}
		if _, _, err := replace(ctx, t, store, "ada", func(c *stores.Create) { c.Replaces[0].ID = c.ID }, stores.Replaced{}); err == nil {
			t.Error("the new ID: got no error")
		}
	})
}

// TestReplacesOfEachOther runs creates of two identities that replace each
// other's sessions at a limit, which evicts too. They must not deadlock, which
// the server would detect after a second.
func TestReplacesOfEachOther(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, _ := open(t, pool)
	deadlocks := func() int {
		return number(t, pool, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	}
	before := deadlocks()
	ctx := t.Context()
	names := []string{"ada", "bob"}
	evict := func(c *stores.Create) { c.Limit = 2 }
	for range 40 {
		var ids [2][2]stores.ID
		for i, name := range names {
			for n := range 2 {
				id, _, err := replace(ctx, t, store, name, evict)
				if err != nil {
					t.Fatal(err)
				}
				ids[i][n] = id
			}
		}
		together(4, func(i int) {
			// There are two creates per identity, each of which replaces a
			// session of the other.
			old := stores.Replaced{ID: ids[1-i%2][i/2], MayBeGone: true}
			if _, _, err := replace(ctx, t, store, names[i%2], evict, old); err != nil {
				t.Errorf("Create: %v", err)
			}
		})
	}
	if got := deadlocks(); got != before {
		t.Errorf("got %d deadlocks", got-before)
	}
}

// TestReplacesOnce runs many creates that replace one session at one version.
func TestReplacesOnce(t *testing.T) {
	t.Parallel()
	store, _ := open(t, shared(t))
	ctx := t.Context()
	for range 10 {
		old := mustAdd(t, store)
		var won atomic.Int32
		together(8, func(i int) {
			switch _, _, err := replace(ctx, t, store, fmt.Sprint("user", i%3), nil, stores.Replaced{ID: old, Version: 1}); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, stores.ErrNotFound):
				t.Errorf("got %v, want ErrNotFound", err)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%d creates replaced one session, want 1", won.Load())
		}
	}
}

// TestReplacesBesideOthers makes a create wait for a change of the session that
// it replaces. The create must see the result of that change.
func TestReplacesBesideOthers(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, name := open(t, pool)
	ctx := t.Context()
	for _, tt := range []struct {
		name   string
		change func(context.Context, stores.ID) error
		want   error
	}{
		{"an update", func(ctx context.Context, id stores.ID) error {
			_, err := store.Update(ctx, stores.Update{ID: id, Version: 1, Payload: []byte("new")})
			return err
		}, stores.ErrConflict},
		{"a delete", func(ctx context.Context, id stores.ID) error { return store.Delete(ctx, id, stores.Condition{}) }, stores.ErrNotFound},
		{"a touch", func(ctx context.Context, id stores.ID) error {
			_, err := store.Touch(ctx, id, time.Hour)
			return err
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := mustAdd(t, store)
			tx, err := pool.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(context.Background()) }()
			if err := tt.change(postgres.WithTx(ctx, tx), id); err != nil {
				t.Fatal(err)
			}
			end := make(chan error, 1)
			go func() {
				_, err := store.Create(ctx, stores.Create{
					ID: stores.ID{1, id[0], id[1]}, Identity: "bob", Idle: time.Hour, Absolute: time.Hour, Replaces: []stores.Replaced{{ID: id, Version: 1}},
				})
				end <- err
			}()
			for begin := time.Now(); time.Since(begin) < patience; rest() {
				if number(t, pool, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND strpos(query, $1) > 0", name) > 0 {
					break
				}
			}
			if err := tx.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			if err := <-end; !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
