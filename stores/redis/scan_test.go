package redis_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// TestScanOfAllForms scans the sessions on every server of each form, and large
// groups in parts.
func TestScanOfAllForms(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server := f.server(t)
			client := dial(t, server)
			// A pattern would give these characters a meaning. The other prefix
			// is similar.
			odd := prefix(t) + `[a]*?\`
			server.Forget(t, odd)
			store := redis.New(client, &redis.Options{Prefix: odd})
			neighbour := redis.New(client, &redis.Options{Prefix: odd + "x:"})
			fill(t, store, "crowd", time.Hour, 1000)
			for i := range 100 {
				if _, err := create(t.Context(), store, fmt.Sprint("user", i), time.Hour, 0); err != nil {
					t.Fatal(err)
				}
			}
			fill(t, store, "", time.Hour, 50)
			fill(t, neighbour, "crowd", time.Hour, 50)
			met := map[stores.ID]bool{}
			for cursor := ""; ; {
				page, err := store.Scan(t.Context(), nil, cursor, 100)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Records {
					met[r.ID] = true
				}
				if cursor = page.Next; cursor == "" {
					break
				}
			}
			if len(met) != 1150 {
				t.Errorf("Scan: got %d sessions, want 1150", len(met))
			}
			if n, err := store.Count(t.Context(), nil); err != nil || n != 1150 {
				t.Errorf("Count: got %d and error %v, want 1150", n, err)
			}
			if cleared, err := store.Clear(t.Context(), []byte("pay")); err != nil || cleared.Count != 1150 {
				t.Errorf("R4 Clear: got %d and error %v, want 1150", cleared.Count, err)
			}
			if n, err := neighbour.Count(t.Context(), nil); err != nil || n != 50 {
				t.Errorf("R4 Count with another prefix: got %d and error %v, want 50", n, err)
			}
		})
	}
}

// TestClearLeavesForeignKeys clears beside foreign keys, some with names
// similar to ours.
func TestClearLeavesForeignKeys(t *testing.T) {
	t.Parallel()
	server := servertest.RedisSingle(t)
	client := dial(t, server)
	ctx, name := t.Context(), prefix(t)
	server.Forget(t, name)
	store := redis.New(client, &redis.Options{Prefix: name})
	keys := []string{name + "{marks}s", name + "{0011223}s", name + "{zzzzzzzz}s", name + "mine", name + "{00112233}sx", "x" + name + "{00112233}s"}
	for _, key := range keys {
		if err := client.Do(ctx, client.B().Hset().Key(key).FieldValue().FieldValue("f", "v").Build()).Error(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Do(ctx, client.B().Del().Key(key).Build()) })
	}
	if cleared, err := store.Clear(ctx, nil); err != nil || cleared.Count != 0 {
		t.Errorf("Clear: got %d and error %v, want 0", cleared.Count, err)
	}
	for _, key := range keys {
		if n, err := client.Do(ctx, client.B().Exists().Key(key).Build()).AsInt64(); err != nil || n != 1 {
			t.Errorf("R4 %q after Clear: got %d and error %v, want it there", key, n, err)
		}
	}
}

// TestNothingScans counts the commands that the server executes for each call,
// scripts included. There are few or many sessions of other identities. A list
// or a revocation costs the same with both, and requests never visit all keys.
func TestNothingScans(t *testing.T) {
	t.Parallel()
	client := dial(t, servertest.StartRedis(t))
	store := open(t, client)
	ctx := t.Context()
	const own = 200
	tests := []struct {
		name string
		run  func(ids []stores.ID) error
	}{
		{"Load", func(ids []stores.ID) error { _, err := store.Load(ctx, ids[0]); return err }},
		{"List", func([]stores.ID) error {
			records, err := store.List(ctx, "ada")
			if len(records) != own {
				t.Errorf("List: got %d sessions, want %d", len(records), own)
			}
			return err
		}},
		{"Delete of an own one", func(ids []stores.ID) error { return store.Delete(ctx, ids[0], stores.Condition{Identity: "ada"}) }},
		{"Create that evicts", func([]stores.ID) error { _, err := create(ctx, store, "ada", time.Hour, own-1); return err }},
		{"RevokeIdentity", func([]stores.ID) error { _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); return err }},
	}
	costs := map[int]map[string]string{}
	for _, others := range []int{100, 5000} {
		fill(t, store, "", time.Hour, others)
		cost := map[string]string{}
		for round := range 2 { // the first sends the texts of the scripts
			fill(t, store, "ada", time.Hour, own)
			records, err := store.List(ctx, "ada")
			if err != nil {
				t.Fatal(err)
			}
			ids := make([]stores.ID, len(records))
			for i, r := range records {
				ids[i] = r.ID
			}
			for _, tt := range tests {
				before := commandsOf(t, client)
				if err := tt.run(ids); err != nil {
					t.Errorf("%s: %v", tt.name, err)
				}
				if round == 1 {
					cost[tt.name] = since(before, commandsOf(t, client))
				}
			}
		}
		costs[others] = cost
		t.Logf("%d others: %v", others, cost)
	}
	if !maps.Equal(costs[100], costs[5000]) {
		t.Errorf("commands: got %v beside 100 sessions and %v beside 5000, want the same", costs[100], costs[5000])
	}
	for name, used := range costs[5000] {
		if strings.Contains(used, "scan") || strings.Contains(used, "keys") {
			t.Errorf("%s goes through keys: %s", name, used)
		}
	}
}

// commandsOf returns how often the server has executed each command.
func commandsOf(t *testing.T, client rueidis.Client) map[string]string {
	t.Helper()
	text, err := client.Do(t.Context(), client.B().Info().Section("commandstats").Build()).ToString()
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]string{}
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(line, ":calls=")
		n, _, _ := strings.Cut(rest, ",")
		if name = strings.TrimPrefix(name, "cmdstat_"); ok && name != "info" && name != "ping" {
			calls[name] = n
		}
	}
	return calls
}

func since(before, after map[string]string) string {
	var used []string
	for name, n := range after {
		if before[name] != n {
			var from, to int
			_, _ = fmt.Sscan(before[name], &from)
			_, _ = fmt.Sscan(n, &to)
			used = append(used, fmt.Sprintf("%s %d", name, to-from))
		}
	}
	slices.Sort(used)
	return strings.Join(used, ", ")
}
