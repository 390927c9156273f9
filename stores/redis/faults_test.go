package redis_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// add creates a session that lives for an hour.
func add(ctx context.Context, store *redis.Store, identity string) (stores.ID, error) {
	id, err := store.NewID(ctx, identity)
	if err != nil {
		return id, err
	}
	_, err = store.Create(ctx, stores.Create{ID: id, Identity: identity, Payload: []byte("payload"), Idle: time.Hour, Absolute: time.Hour})
	return id, err
}

func mustAdd(t *testing.T, store *redis.Store, identity string) stores.ID {
	t.Helper()
	id, err := add(t.Context(), store, identity)
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return id
}

func TestWrongPassword(t *testing.T) {
	const wrong = "not-the-password"
	server := servertest.StartRedis(t, "requirepass right")
	for _, password := range []string{wrong, ""} {
		_, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: server.Addrs, Password: password, ForceSingleClient: true})
		if err == nil {
			// Without a connection the client cannot know that the password is
			// wrong.
			t.Errorf("password %q: got no error from NewClient", password)
			continue
		}
		if strings.Contains(err.Error(), wrong) {
			t.Errorf("error %q shows the password", err)
		}
	}
	client := dial(t, server, func(o *rueidis.ClientOption) { o.Password = "right" })
	mustAdd(t, redis.New(client, nil), "ada")

	t.Run("changed while clients are connected", func(t *testing.T) {
		store := redis.New(client, nil)
		for _, args := range [][]string{
			{"CONFIG", "SET", "requirepass", "changed"}, {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"},
		} {
			_ = client.Do(t.Context(), client.B().Arbitrary(args...).Build()).Error() // the last ends the connection itself
		}
		var err error
		for begin := time.Now(); time.Since(begin) < patience; {
			if _, err = add(t.Context(), store, "ada"); err != nil && strings.Contains(err.Error(), "password") {
				break
			}
		}
		says(t, "Create", err, "password")
		if strings.Contains(err.Error(), "changed") || strings.Contains(err.Error(), "right") {
			t.Errorf("error %q shows a password", err)
		}
	})
}

func TestServerThatTakesNoWrites(t *testing.T) {
	tests := []struct {
		name  string
		spoil [][]string
		text  string
		full  bool
		reads bool
	}{
		{"OOM with noeviction", [][]string{{"CONFIG", "SET", "maxmemory", "1"}}, "maxmemory", true, true},
		{"too few replicas", [][]string{{"CONFIG", "SET", "min-replicas-to-write", "1"}}, "min-replicas-to-write", false, true},
		{"read-only replica", [][]string{{"CONFIG", "SET", "replica-serve-stale-data", "yes"}, {"REPLICAOF", "127.0.0.1", "1"}}, "is connected to a replica", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := servertest.StartRedis(t)
			if tt.name == "too few replicas" && strings.Contains(server.Command(t, server.Addrs[0], "INFO"), "redis_version:6.") {
				t.Log("Redis before 7 does not hold scripts to it; Check says so")
				return
			}
			store := redis.New(dial(t, server), nil)
			ctx := t.Context()
			long := mustAdd(t, store, "bob")
			for _, command := range tt.spoil {
				server.Command(t, server.Addrs[0], command...)
			}

			_, err := add(ctx, store, "ada")
			says(t, "Create", err, tt.text)
			if errors.Is(err, stores.ErrFull) != tt.full {
				t.Errorf("Create: got %v, want ErrFull: %v", err, tt.full)
			}
			_, err = store.Update(ctx, stores.Update{ID: long, Version: 1, Payload: []byte("more")})
			says(t, "Update", err, tt.text)
			r, err := store.Load(ctx, long)
			if !tt.reads {
				says(t, "Load", err, tt.text)
			} else if err != nil || string(r.Payload) != "payload" {
				t.Errorf("Load: got %q and error %v, want the session", r.Payload, err)
			}

			// In the API, reads still work and writes answer 503.
			handler, _ := serve(t, store, nil, hooks{})
			do(t, humasesstest.NewClient(handler), "POST", "/login?name=ada", 503)
		})
	}
}

// TestTouchWithoutMemory extends a session on a full server, which takes no
// memory.
func TestTouchWithoutMemory(t *testing.T) {
	server := servertest.StartRedis(t)
	store := redis.New(dial(t, server), nil)
	id := mustAdd(t, store, "ada")
	before, err := store.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	server.Command(t, server.Addrs[0], "CONFIG", "SET", "maxmemory", "1")
	if _, err := store.Load(t.Context(), id); err != nil {
		t.Errorf("Load: %v", err)
	}
	if expires, err := store.Touch(t.Context(), id, time.Microsecond); err != nil || expires.Equal(before.Expires) {
		t.Errorf("Touch: got %v and error %v, want another end than %v", expires, err, before.Expires)
	}
}

func TestWithoutRights(t *testing.T) {
	server := servertest.StartRedis(t)
	acl := func(rules ...string) {
		server.Command(t, server.Addrs[0], append([]string{"ACL", "SETUSER", "app", "reset", "on", ">pw"}, rules...)...)
	}
	connect := func() *redis.Store {
		return redis.New(dial(t, server, func(o *rueidis.ClientOption) { o.Username, o.Password = "app", "pw" }), nil)
	}
	ctx := t.Context()

	t.Run("no scripts", func(t *testing.T) {
		acl("~*", "+@all", "-@scripting")
		store := connect()
		_, err := add(ctx, store, "ada")
		says(t, "Create", err, "lacks a right", "NOPERM")
		_, err = store.Check(ctx)
		says(t, "Check", err, "lacks a right")
	})
	t.Run("scripts but not the commands in them", func(t *testing.T) {
		acl("~*", "+@connection", "+@scripting", "+time", "+hget", "+hmget")
		_, err := add(ctx, connect(), "ada")
		says(t, "Create", err, "lacks a right")
	})
	t.Run("another prefix", func(t *testing.T) {
		acl("~other:*", "+@all")
		_, err := add(ctx, connect(), "ada")
		says(t, "Create", err, "lacks a right")
	})
	t.Run("the rights in the manual", func(t *testing.T) {
		acl(strings.Fields(rights(t))...)
		store := connect()
		id := mustAdd(t, store, "ada")
		anonymous := mustAdd(t, store, "")
		for range 3 {
			id, err := store.NewID(t.Context(), "ada")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Create(ctx, stores.Create{ID: id, Identity: "ada", Idle: time.Hour, Absolute: time.Hour, Limit: 2}); err != nil {
				t.Errorf("Create: %v", err)
			}
		}
		if _, err := store.Touch(ctx, anonymous, time.Nanosecond); err != nil {
			t.Errorf("Touch: %v", err)
		}
		if _, err := store.Load(ctx, id); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("Load: got %v, want ErrNotFound", err)
		}
		if _, err := store.List(ctx, "ada"); err != nil {
			t.Errorf("List: %v", err)
		}
		keep := mustAdd(t, store, "ada")
		if _, err := store.RevokeIdentity(ctx, "ada", keep); err != nil {
			t.Errorf("RevokeIdentity: %v", err)
		}
		if _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); err != nil {
			t.Errorf("RevokeIdentity: %v", err)
		}
		if err := store.Delete(ctx, mustAdd(t, store, ""), stores.Condition{}); err != nil {
			t.Errorf("Delete: %v", err)
		}
		if err := store.Delete(ctx, mustAdd(t, store, "ada"), stores.Condition{}); err != nil {
			t.Errorf("Delete: %v", err)
		}
		if _, err := store.Check(ctx); err != nil {
			t.Errorf("Check: %v", err)
		}
	})
}

// TestEviction deletes keys as a server with an eviction policy would.
func TestEviction(t *testing.T) {
	server := servertest.StartRedis(t)
	client := dial(t, server)
	for i, kind := range []string{"sessions", "expiry", "order"} {
		t.Run(kind, func(t *testing.T) {
			ctx := t.Context()
			server.Command(t, server.Addrs[0], "FLUSHALL")
			var log bytes.Buffer
			store := redis.New(client, &redis.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			old := mustAdd(t, store, "ada")
			evict(t, server, "seo"[i:i+1])
			if kind == "sessions" {
				for range 3 {
					if _, err := store.Load(ctx, old); !errors.Is(err, stores.ErrNotFound) {
						t.Errorf("Load: got %v, want ErrNotFound", err)
					}
				}
				if got := strings.Count(log.String(), "session_id="+old.String()); got != 1 {
					t.Errorf("log: got %d warnings about the session, want 1:\n%s", got, log.String())
				}
				log.Reset()
			}
			if _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Load(ctx, old); !errors.Is(err, stores.ErrNotFound) {
				t.Errorf("R2 after a revocation: got %v, want ErrNotFound", err)
			}
			if !strings.Contains(log.String(), "noeviction") {
				t.Errorf("log: got %q, want advice", log.String())
			}
			old = mustAdd(t, store, "ada")
			evict(t, server, "seo"[i:i+1])
			if _, err := store.List(ctx, "ada"); err != nil {
				t.Errorf("List: %v", err)
			}
			log.Reset()
			id := mustAdd(t, store, "ada")
			for _, kind := range []string{"e", "o"} {
				if got := server.Command(t, server.Addrs[0], "ZCARD", keyOf(t, server, kind)); got != "1" {
					t.Errorf("R7 members of %s after an eviction: got %s, want the new one", kind, got)
				}
			}
			if records, err := store.List(ctx, "ada"); err != nil || len(records) != 1 || records[0].ID != id {
				t.Errorf("R7 after an eviction: got %d sessions and error %v, want the new one", len(records), err)
			}
			if _, err := store.Load(ctx, old); !errors.Is(err, stores.ErrNotFound) {
				t.Errorf("the session before: got %v, want ErrNotFound, as it is in no index", err)
			}
			if !strings.Contains(log.String(), "noeviction") {
				t.Errorf("log: got %q, want advice", log.String())
			}
		})
	}
}

// evict deletes the only key whose name ends with end.
func evict(t *testing.T, server *servertest.Redis, end string) {
	t.Helper()
	keys := server.Command(t, server.Addrs[0], "KEYS", "*}"+end)
	if keys == "" || strings.Contains(keys, "\n") {
		t.Fatalf("got keys %q, want one", keys)
	}
	server.Command(t, server.Addrs[0], "DEL", keys)
}
