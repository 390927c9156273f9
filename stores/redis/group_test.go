package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// sameGroup returns two identities whose sessions share keys.
func sameGroup(t *testing.T) (a, b string) {
	t.Helper()
	seen := map[[4]byte]string{}
	for i := range 1 << 20 {
		identity := "user" + strconv.Itoa(i)
		tag := redis.TagOf(identity)
		if other, ok := seen[tag]; ok {
			return other, identity
		}
		seen[tag] = identity
	}
	t.Fatal("no two identities share a group")
	return "", ""
}

func create(ctx context.Context, store *redis.Store, identity string, idle time.Duration, limit int) (stores.Created, error) {
	id, err := store.NewID(ctx, identity)
	if err != nil {
		return stores.Created{}, err
	}
	return store.Create(ctx, stores.Create{ID: id, Identity: identity, Payload: []byte("payload"), Idle: idle, Absolute: time.Hour, Limit: limit})
}

// fill creates n sessions that the test does not read one by one.
func fill(t *testing.T, store *redis.Store, identity string, idle time.Duration, n int) {
	t.Helper()
	together(50, func(int) {
		for range n / 50 {
			if _, err := create(t.Context(), store, identity, idle, 0); err != nil {
				t.Error(err)
				return
			}
		}
	})
}

// TestSharedGroup shows that identities with shared keys do not affect each
// other.
func TestSharedGroup(t *testing.T) {
	t.Parallel()
	store := open(t, dial(t, servertest.RedisCluster(t)))
	a, b := sameGroup(t)
	ctx := t.Context()
	wantLive := func(identity string, want int) {
		t.Helper()
		records, err := store.List(ctx, identity)
		if err != nil || len(records) != want {
			t.Errorf("%s: got %d sessions and error %v, want %d", identity, len(records), err, want)
		}
		for _, r := range records {
			if r.Identity != identity {
				t.Errorf("list of %s: got a session of %s", identity, r.Identity)
			}
		}
	}
	fill(t, store, a, time.Hour, 300)
	for i := range 4 {
		c, err := create(ctx, store, b, time.Hour, 3)
		if err != nil || c.Evicted != max(i-2, 0) {
			t.Errorf("create %d: got %d evicted and error %v", i, c.Evicted, err)
		}
	}
	wantLive(a, 300)
	wantLive(b, 3)
	mine := mustAdd(t, store, a)
	if err := store.Delete(ctx, mine, stores.Condition{Identity: b}); !errors.Is(err, stores.ErrNotFound) {
		t.Errorf("delete as another: got %v, want ErrNotFound", err)
	}
	if r, err := store.RevokeIdentity(ctx, b, stores.ID{}); r.Count != 3 || err != nil {
		t.Errorf("revoke: got %d and error %v, want 3", r.Count, err)
	}
	wantLive(a, 301)
	wantLive(b, 0)
	if c, err := create(ctx, store, a, time.Hour, 0); err != nil || c.RevokedAgo != stores.NotRevoked {
		t.Errorf("got revoked %v ago and error %v, want never", c.RevokedAgo, err)
	}
	if r, err := store.RevokeIdentity(ctx, a, mine); r.Count != 301 || err != nil {
		t.Errorf("revoke except one: got %d and error %v, want 301", r.Count, err)
	}
	wantLive(a, 1)
}

// TestManyExpired lets more sessions expire than one sweep removes. None of
// them counts for a limit, a list or a revocation.
func TestManyExpired(t *testing.T) {
	t.Parallel()
	for _, last := range []string{"create", "revoke"} {
		t.Run(last, func(t *testing.T) {
			store := open(t, dial(t, servertest.RedisSingle(t)))
			ctx := t.Context()
			first := mustAdd(t, store, "ada")
			fill(t, store, "ada", time.Millisecond, 50) // the index has both
			ids := []stores.ID{first}
			for range 4 {
				ids = append(ids, mustAdd(t, store, "ada"))
			}
			fill(t, store, "ada", 2*time.Second, 450)
			for begin := time.Now(); ; rest() {
				records, err := store.List(ctx, "ada")
				if err != nil {
					t.Fatal(err)
				}
				if len(records) == len(ids) {
					break
				}
				if time.Since(begin) > patience {
					t.Fatalf("got %d sessions, want %d", len(records), len(ids))
				}
			}
			if last == "revoke" {
				if r, err := store.RevokeIdentity(ctx, "ada", first); r.Count != 4 || err != nil {
					t.Errorf("got %d revoked and error %v, want 4", r.Count, err)
				}
				return
			}
			c, err := create(ctx, store, "ada", time.Hour, 5)
			if c.Evicted != 1 || err != nil {
				t.Errorf("got %d evicted and error %v, want 1", c.Evicted, err)
			}
			if _, err := store.Load(ctx, first); !errors.Is(err, stores.ErrNotFound) {
				t.Errorf("the oldest: got %v, want ErrNotFound", err)
			}
		})
	}
}

// usec returns the time that the server has spent on scripts, in microseconds.
func usec(t *testing.T, server *servertest.Redis) int {
	t.Helper()
	for line := range strings.Lines(server.Command(t, server.Addrs[0], "INFO", "commandstats")) {
		if _, rest, ok := strings.Cut(line, "cmdstat_evalsha:"); ok {
			_, rest, _ = strings.Cut(rest, "usec=")
			n, _, _ := strings.Cut(rest, ",")
			value, err := strconv.Atoi(n)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	t.Fatal("no scripts have run")
	return 0
}

// TestCostIsFlat compares the server's time for a call with few sessions and
// with ten thousand. These belong to the identity itself, or to one that shares
// its group. A cost that grows with them would be a hundred times as high.
func TestCostIsFlat(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	client := dial(t, server)
	ctx := t.Context()
	const batches, calls = 25, 20
	measure := func(n int, whose string) map[string]float64 {
		store := open(t, client)
		a, b := sameGroup(t)
		if whose == "another's" {
			fill(t, store, b, time.Hour, n)
		} else {
			fill(t, store, a, time.Hour, n)
		}
		ops := []struct {
			name string
			run  func() error
		}{
			{"read", func() error { _, err := store.Load(ctx, mustAdd(t, store, a)); return err }},
			{"touch", func() error { _, err := store.Touch(ctx, mustAdd(t, store, a), time.Nanosecond); return err }},
			{"create and delete", func() error { return store.Delete(ctx, mustAdd(t, store, a), stores.Condition{}) }},
			{"limit", func() error { _, err := create(ctx, store, a, time.Hour, n+2*batches*calls); return err }},
		}
		if whose == "another's" {
			ops = append(ops, []struct {
				name string
				run  func() error
			}{
				{"list", func() error { _, err := store.List(ctx, a); return err }},
				{"revoke", func() error { _, err := store.RevokeIdentity(ctx, a, stores.ID{}); return err }},
				{"limit reached", func() error { _, err := create(ctx, store, a, time.Hour, 3); return err }},
			}...)
		}
		cost := map[string]float64{}
		for _, op := range ops {
			if whose == "another's" {
				if _, err := store.RevokeIdentity(ctx, a, stores.ID{}); err != nil {
					t.Fatal(err)
				}
			}
			for range batches { // the best of many short ones, because the machine has other load
				before := usec(t, server)
				for range calls {
					if err := op.run(); err != nil {
						t.Fatalf("%s: %v", op.name, err)
					}
				}
				one := float64(usec(t, server)-before) / calls
				if best, ok := cost[op.name]; !ok || one < best {
					cost[op.name] = one
				}
			}
		}
		return cost
	}
	for _, whose := range []string{"his own", "another's"} {
		few, many := measure(50, whose), measure(10_000, whose)
		for op := range few {
			t.Logf("%s with 10000 of %s: %.1f µs, %.1f with 50", op, whose, many[op], few[op])
			if many[op] > 8*few[op] {
				t.Errorf("%s with 10000 sessions of %s: got %.1f µs, want about the %.1f with 50", op, whose, many[op], few[op])
			}
		}
	}
}

// TestReplicaReads shows that a replica never answers a load, for any routing
// of the client.
func TestReplicaReads(t *testing.T) {
	t.Parallel()
	for _, f := range forms[1:] {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server := f.server(t)
			ctx := t.Context()
			name := prefix(t)
			dialed := func(send func(rueidis.Completed) bool) *redis.Store {
				return redis.New(dial(t, server, func(o *rueidis.ClientOption) { o.SendToReplicas = send }), &redis.Options{Prefix: name})
			}
			store := dialed(func(cmd rueidis.Completed) bool { return cmd.IsReadOnly() })
			for i := range 50 {
				id := mustAdd(t, store, fmt.Sprint("user", i))
				if _, err := store.Load(ctx, id); err != nil {
					t.Fatalf("Load: %v, want the session just created", err)
				}
				if records, err := store.List(ctx, fmt.Sprint("user", i)); err != nil || len(records) != 1 {
					t.Fatalf("List: got %d and error %v, want 1", len(records), err)
				}
				if err := store.Delete(ctx, id, stores.Condition{}); err != nil {
					t.Fatal(err)
				}
				if records, err := store.LoadMany(ctx, []stores.ID{id, id}); len(records) != 0 || err != nil {
					t.Fatalf("LoadMany: got %d and error %v, want none", len(records), err)
				}
			}
			everything := dialed(func(rueidis.Completed) bool { return true })
			id := mustAdd(t, store, "ada")
			if r, err := everything.Load(ctx, id); err == nil && f.name == "sentinel" {
				t.Errorf("got version %d from a replica, want an error", r.Version)
			} else if f.name == "sentinel" {
				says(t, "Load", err, "is connected to a replica")
			}
			if f.name == "sentinel" {
				found, err := everything.Check(ctx)
				if err != nil || len(found) == 0 || !strings.Contains(found[0], "SendToReplicas") {
					t.Errorf("Check: got %q and error %v, want a word about SendToReplicas", found, err)
				}
			}
		})
	}
}
