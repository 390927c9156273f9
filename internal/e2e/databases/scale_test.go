//go:build scale

package databases_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/redis"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"
)

// TestScale reports the time to list and to revoke the sessions of a user with
// 10 000 sessions. The store holds a thousand others, or HUMASESS_SCALE. It
// gates nothing, because tests of the stores count the rows that each call
// reads. It takes minutes, so it has the build tag scale.
func TestScale(t *testing.T) {
	most, err := strconv.Atoi(os.Getenv("HUMASESS_SCALE"))
	if err != nil {
		t.Fatal("HUMASESS_SCALE is not set to a number of sessions")
	}
	for _, tt := range []struct {
		name string
		open func(t *testing.T) stores.Index
	}{
		{"memory", func(*testing.T) stores.Index { return memory.New(&memory.Options{MaxSessions: 4_000_000}) }},
		{"postgres", func(t *testing.T) stores.Index {
			config, err := pgxpool.ParseConfig(servertest.PostgresShared(t).DSN)
			if err != nil {
				t.Fatal(err)
			}
			config.MaxConns = 16
			pool, err := pgxpool.NewWithConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			store := postgres.New(pool, &postgres.Options{Prefix: "scale_", SweepEvery: -1})
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return store
		}},
		{"redis", func(t *testing.T) stores.Index {
			client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: servertest.RedisSingle(t).Addrs, ForceSingleClient: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			return redis.New(client, &redis.Options{Prefix: "scale:"})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { scale(t, tt.open(t), most) })
	}
}

func scale(t *testing.T, store stores.Index, most int) {
	const own, workers = 10_000, 64
	ctx := t.Context()
	payload := make([]byte, 209)
	fill := func(from, to int, identity func(i int) string) {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := from + w; i < to; i += workers {
					name := identity(i)
					id, err := stores.NewID(t.Context(), store, name)
					if err == nil {
						_, err = store.Create(ctx, stores.Create{ID: id, Identity: name, Payload: payload, Idle: 10 * time.Hour, Absolute: 10 * time.Hour})
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	ada := func(int) string { return "ada" }
	least := func(f func(context.Context) error) time.Duration {
		best := time.Hour
		for range 5 {
			begin := time.Now()
			if err := f(ctx); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(begin))
		}
		return best
	}
	for at := 0; ; {
		others := 1000
		if at > 0 {
			others = most
		}
		begin := time.Now()
		fill(at, others, func(i int) string { return fmt.Sprint("user", i) })
		filled := time.Since(begin)
		fill(0, own, ada)
		records, err := store.List(ctx, "ada")
		if err != nil || len(records) != own {
			t.Fatalf("List: got %d and error %v, want %d", len(records), err, own)
		}
		list := least(func(ctx context.Context) error { _, err := store.List(ctx, "ada"); return err })
		few := least(func(ctx context.Context) error { _, err := store.List(ctx, "user7"); return err })
		n := 0
		one := least(func(ctx context.Context) error {
			n++
			return store.Delete(ctx, records[n].ID, stores.Condition{Identity: "ada"})
		})
		begin = time.Now()
		if _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); err != nil {
			t.Fatal(err)
		}
		all := time.Since(begin)
		begin = time.Now()
		if n, err := stores.Count(ctx, store, nil); err != nil || n != others {
			t.Errorf("Count: got %d and error %v, want %d", n, err, others)
		}
		count := time.Since(begin)
		t.Logf("beside %7d others (created in %v): list 10000 %v, list of another's one %v, revoke one %v, revoke 10000 %v; count all %v",
			others, filled.Round(time.Millisecond), list, few, one, all, count)
		if at > 0 {
			break
		}
		at = others
	}
	begin := time.Now()
	cleared, err := stores.Clear(ctx, store, nil)
	if err != nil || cleared.Count != most {
		t.Errorf("Clear: got %d and error %v, want %d", cleared.Count, err, most)
	}
	t.Logf("clear %d: %v", most, time.Since(begin))
}
