package redis_test

import (
	"bufio"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
)

// info returns a number from INFO.
func info(t *testing.T, server *servertest.Redis, name string) int {
	t.Helper()
	scanner := bufio.NewScanner(strings.NewReader(server.Command(t, server.Addrs[0], "INFO")))
	for scanner.Scan() {
		if value, ok := strings.CutPrefix(scanner.Text(), name+":"); ok {
			number, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			return number
		}
	}
	t.Fatalf("INFO has no %s", name)
	return 0
}

func size(t *testing.T, server *servertest.Redis) int {
	t.Helper()
	number, err := strconv.Atoi(server.Command(t, server.Addrs[0], "DBSIZE"))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// TestExpiryByTimeAlone fills a server with sessions that are never used again.
func TestExpiryByTimeAlone(t *testing.T) {
	t.Parallel()
	const sessions = 20_000
	server := servertest.StartRedis(t, "hz 100")
	store := redis.New(dial(t, server), nil)
	ctx := t.Context()
	mustAdd(t, store, "") // loads the script, and stays for an hour
	before := info(t, server, "used_memory")
	payload := make([]byte, 200)
	fill := func(n int, end time.Time) {
		together(100, func(worker int) {
			for i := range n / 100 {
				identity := "" // one third is anonymous, two sessions have one identity
				if i%3 > 0 {
					identity = strconv.Itoa(worker) + "/" + strconv.Itoa(i/3)
				}
				id, err := store.NewID(t.Context(), identity)
				if err != nil {
					t.Error(err)
					return
				}
				_, err = store.Create(ctx, stores.Create{
					ID: id, Identity: identity, Payload: payload, Idle: max(time.Until(end), time.Millisecond), Absolute: time.Hour, Limit: 100,
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	// All sessions expire at nearly the same time, soon after the last is
	// created. The time to create them depends on the load of the machine.
	const trial = 2000
	begin := time.Now()
	fill(trial, begin.Add(100*time.Millisecond))
	takes := 2 * time.Since(begin) * time.Duration(sessions/trial)
	end := time.Now().Add(takes + time.Second)
	for fill(sessions, end); time.Now().After(end); fill(sessions, end) {
		if takes *= 2; takes > 4*time.Minute {
			t.Fatal("the server was not filled in time")
		}
		end = time.Now().Add(takes)
	}
	full, peak := size(t, server), info(t, server, "used_memory")
	t.Logf("%d keys, %d bytes per session, filled %v before the expiry", full, (peak-before)/sessions, time.Until(end))
	if full < sessions {
		t.Errorf("got %d keys at the peak, want %d at least", full, sessions)
	}
	for size(t, server) > 2 { // with the key of IDs
		if time.Since(end) > patience {
			t.Fatalf("%d keys are left %v after the last expiry", size(t, server), patience)
		}
		rest()
	}
	t.Logf("gone %v after the last expiry", time.Since(end))
	for begin := time.Now(); ; {
		after := info(t, server, "used_memory")
		if after-before < (peak-before)/10 {
			t.Logf("memory: %d before, %d at the peak, %d after", before, peak, after)
			break
		}
		if time.Since(begin) > patience {
			t.Fatalf("memory: got %d bytes, want about %d as before; the peak was %d", after, before, peak)
		}
		rest()
	}
}

// TestKeysGoWithSessions checks which keys are left when sessions end before
// their time.
func TestKeysGoWithSessions(t *testing.T) {
	server := servertest.StartRedis(t)
	store := redis.New(dial(t, server), nil)
	ctx := t.Context()
	tests := []struct {
		name string
		run  func(t *testing.T)
		want string // the kinds of keys that are left
	}{
		{"R9 deleted", func(t *testing.T) {
			for range 2 {
				if err := store.Delete(ctx, mustAdd(t, store, "ada"), stores.Condition{}); err != nil {
					t.Fatal(err)
				}
			}
		}, ""},
		{"R8 anonymous", func(t *testing.T) { mustAdd(t, store, "") }, "s"},
		{"R8 anonymous, deleted", func(t *testing.T) {
			if err := store.Delete(ctx, mustAdd(t, store, ""), stores.Condition{}); err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"revoked", func(t *testing.T) {
			mustAdd(t, store, "ada")
			if _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); err != nil {
				t.Fatal(err)
			}
		}, "m"},
		{"R10 renewed a hundred times", func(t *testing.T) {
			id := mustAdd(t, store, "ada")
			for version := range int64(100) {
				if _, err := store.Update(ctx, stores.Update{ID: id, Version: version + 1, Idle: time.Hour}); err != nil {
					t.Fatal(err)
				}
			}
			for kind, want := range map[string]string{"e": "1", "o": "1"} {
				if got := server.Command(t, server.Addrs[0], "ZCARD", keyOf(t, server, kind)); got != want {
					t.Errorf("members of %s: got %s, want %s", kind, got, want)
				}
			}
		}, "eos"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server.Command(t, server.Addrs[0], "FLUSHALL")
			tt.run(t)
			got := ""
			for _, kind := range []string{"e", "m", "o", "s"} {
				if keyOf(t, server, kind) != "" {
					got += kind
				}
			}
			if got != tt.want {
				t.Errorf("kinds of keys: got %q, want %q", got, tt.want)
			}
			for key := range strings.FieldsSeq(server.Command(t, server.Addrs[0], "KEYS", "*")) {
				if strings.HasSuffix(key, "{key}k") {
					continue
				}
				if ttl := server.Command(t, server.Addrs[0], "TTL", key); strings.HasPrefix(ttl, "-") {
					t.Errorf("key %s: got TTL %s, want one", key, ttl)
				}
			}
		})
	}
}

// keyOf returns the key of this kind, or "".
func keyOf(t *testing.T, server *servertest.Redis, kind string) string {
	t.Helper()
	return server.Command(t, server.Addrs[0], "KEYS", "*}"+kind+"*")
}
