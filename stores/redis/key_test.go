package redis_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
)

// TestIDsShowNothing looks for anything that the IDs of one identity have in
// common. It uses the key in the server, and one in the options.
func TestIDsShowNothing(t *testing.T) {
	t.Parallel()
	client := dial(t, servertest.RedisSingle(t))
	for name, key := range map[string][]byte{"stored": nil, "of the options": []byte("sixteen bytes at least")} {
		t.Run(name, func(t *testing.T) {
			p := prefix(t)
			store := redis.New(client, &redis.Options{Prefix: p, Key: key})
			tag := redis.TagOf("ada@example.com")
			const n = 400
			for _, identity := range []string{"ada@example.com", ""} {
				var set [128]int
				for range n {
					id, err := store.NewID(t.Context(), identity)
					if err != nil {
						t.Fatal(err)
					}
					if bytes.Contains(id[:], tag[:]) {
						t.Errorf("%v contains the tag of the identity", id)
					}
					for bit := range set {
						set[bit] += int(id[bit/8]>>(7-bit%8)) & 1
					}
					if identity != "" && store.Tag(id) != tag {
						t.Fatal("the store does not find the group")
					}
				}
				for bit, ones := range set { // eight standard deviations
					if ones < n/2-80 || ones > n/2+80 {
						t.Errorf("%q: bit %d is set in %d of %d IDs", identity, bit, ones, n)
					}
				}
			}
			kept, err := client.Do(t.Context(), client.B().Exists().Key(p+"{key}k").Build()).AsBool()
			if err != nil || kept != (key == nil) {
				t.Errorf("a key in Redis: got %v and error %v", kept, err)
			}
		})
	}
	t.Run("another key", func(t *testing.T) {
		p := prefix(t)
		one := redis.New(client, &redis.Options{Prefix: p, Key: []byte("the first of two keys")})
		two := redis.New(client, &redis.Options{Prefix: p, Key: []byte("the second of two keys")})
		id := mustAdd(t, one, "ada")
		if _, err := two.Load(t.Context(), id); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("Load: got %v, want ErrNotFound", err)
		}
		if r, err := two.RevokeIdentity(t.Context(), "ada", stores.ID{}); r.Count != 1 || err != nil {
			t.Errorf("got %d revoked and error %v, want 1", r.Count, err)
		}
	})
}

// TestKeyOfManyProcesses starts processes in parallel, on each form of Redis.
func TestKeyOfManyProcesses(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server, p := f.server(t), prefix(t)
			all := make([]*redis.Store, 8)
			for i := range all {
				all[i] = redis.New(dial(t, server), &redis.Options{Prefix: p})
			}
			ids := make([]stores.ID, len(all))
			var wg sync.WaitGroup
			for i := range all {
				wg.Go(func() {
					var err error
					if ids[i], err = add(t.Context(), all[i], "ada"); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for i, store := range all {
				for _, id := range ids {
					if _, err := store.Load(t.Context(), id); err != nil {
						t.Errorf("process %d: %v", i, err)
					}
				}
			}
		})
	}
}

// TestLostKey deletes the key of IDs, as an eviction would.
func TestLostKey(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := servertest.RedisSingle(t)
	client := dial(t, server)
	lose := func(t *testing.T, p string) {
		t.Helper()
		if n, err := client.Do(ctx, client.B().Del().Key(p+"{key}k").Build()).AsInt64(); n != 1 || err != nil {
			t.Fatalf("DEL: got %d and error %v, want 1", n, err)
		}
	}
	process := func(p string) (*redis.Store, *time.Duration, *bytes.Buffer) {
		var log bytes.Buffer
		store := redis.New(client, &redis.Options{Prefix: p, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		now := new(time.Duration)
		store.KeyClock(func() time.Duration { return *now })
		return store, now, &log
	}
	unknown := stores.ID{1}

	t.Run("stored again at an unknown ID", func(t *testing.T) {
		p := prefix(t)
		store, now, log := process(p)
		id := mustAdd(t, store, "ada")
		lose(t, p)
		*now = time.Second
		if _, err := store.Load(ctx, unknown); !errors.Is(err, stores.ErrNotFound) {
			t.Fatalf("got %v, want ErrNotFound", err)
		}
		other, _, _ := process(p)
		if _, err := other.Load(ctx, id); err != nil {
			t.Errorf("a later process: %v", err)
		}
		if log.Len() > 0 {
			t.Errorf("log: got %q, want nothing: no user is signed out", log)
		}
	})
	t.Run("stored again at a sign-in", func(t *testing.T) {
		p := prefix(t)
		store, now, _ := process(p)
		id := mustAdd(t, store, "ada")
		lose(t, p)
		*now = time.Minute
		mustAdd(t, store, "bob")
		other, _, _ := process(p)
		if _, err := other.Load(ctx, id); err != nil {
			t.Errorf("a later process: %v", err)
		}
	})
	t.Run("another process was first", func(t *testing.T) {
		p := prefix(t)
		old, now, log := process(p)
		before := mustAdd(t, old, "ada")
		lose(t, p)
		fresh, _, _ := process(p)
		after := mustAdd(t, fresh, "ada")

		// Each process finds the sessions of both, and ends those of both.
		for name, store := range map[string]*redis.Store{"old": old, "new": fresh} {
			if records, err := store.List(ctx, "ada"); len(records) != 2 || err != nil {
				t.Errorf("%s process: got %d sessions and error %v, want 2", name, len(records), err)
			}
		}
		if _, err := fresh.Load(ctx, before); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("an old ID in the new process: got %v, want ErrNotFound", err)
		}
		*now = time.Second
		if _, err := old.Load(ctx, after); err != nil {
			t.Errorf("a new ID in the old process: got %v, want that it learns the new key", err)
		}
		if !strings.Contains(log.String(), "sign in again") {
			t.Errorf("log: got %q, want that users sign in again", log)
		}
		if _, err := old.Load(ctx, before); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("an old ID after that: got %v, want ErrNotFound", err)
		}
		if r, err := old.RevokeIdentity(ctx, "ada", after); r.Count != 1 || err != nil {
			t.Errorf("got %d revoked and error %v, want the session of the old ID", r.Count, err)
		}
		if r, err := fresh.RevokeIdentity(ctx, "ada", stores.ID{}); r.Count != 1 || err != nil {
			t.Errorf("got %d revoked and error %v, want the other one", r.Count, err)
		}
	})
	for _, tt := range []struct {
		name string
		run  func(*redis.Store, stores.ID) error
	}{
		{"LoadMany", func(s *redis.Store, id stores.ID) error {
			records, err := s.LoadMany(ctx, []stores.ID{id})
			if err == nil && len(records) != 1 {
				err = stores.ErrNotFound
			}
			return err
		}},
		{"Update", func(s *redis.Store, id stores.ID) error {
			_, err := s.Update(ctx, stores.Update{ID: id, Version: 1})
			return err
		}},
		{"Touch", func(s *redis.Store, id stores.ID) error { _, err := s.Touch(ctx, id, time.Hour); return err }},
		{"Delete", func(s *redis.Store, id stores.ID) error { return s.Delete(ctx, id, stores.Condition{}) }},
	} {
		t.Run("learned by "+tt.name, func(t *testing.T) {
			p := prefix(t)
			old, now, _ := process(p)
			mustAdd(t, old, "ada")
			lose(t, p)
			fresh, _, _ := process(p)
			id := mustAdd(t, fresh, "ada")
			*now = time.Second
			if err := tt.run(old, id); err != nil {
				t.Errorf("got %v, want that the process learns the new key", err)
			}
		})
	}
	t.Run("an ID of the old key is refused at a sign-in", func(t *testing.T) {
		p := prefix(t)
		old, now, _ := process(p)
		id, err := old.NewID(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		lose(t, p)
		fresh, _, _ := process(p)
		mustAdd(t, fresh, "bob")
		*now = time.Minute
		_, err = old.Create(ctx, stores.Create{ID: id, Identity: "ada", Idle: time.Hour, Absolute: time.Hour})
		if !errors.Is(err, stores.ErrExists) {
			t.Errorf("got %v, want ErrExists, after which the caller makes another ID", err)
		}
		mustAdd(t, old, "ada")
	})
	t.Run("not the form of a key", func(t *testing.T) {
		p := prefix(t)
		server.Command(t, server.Addrs[0], "SET", p+"{key}k", "short")
		store, _, _ := process(p)
		if _, err := store.NewID(t.Context(), "ada"); err == nil {
			t.Error("got no error")
		}
	})
	t.Run("the context has ended", func(t *testing.T) {
		store, _, _ := process(prefix(t))
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := store.Load(ended, unknown); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
}

// This server accepts the question and does not answer.
func TestNewIDOfASilentServer(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	store := redis.New(dial(t, server), nil)
	server.Command(t, server.Addrs[0], "CLIENT", "PAUSE", "3000", "ALL")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := stores.NewID(ctx, store, "ada"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if _, err := store.NewID(t.Context(), "ada"); err != nil {
		t.Errorf("NewID once the server answers again: got %v, want nil", err)
	}
}

func TestOptionsPanic(t *testing.T) {
	client := dial(t, servertest.RedisSingle(t))
	for name, o := range map[string]redis.Options{
		"Key":        {Key: []byte("fifteen bytes!!")},
		"MaxPayload": {MaxPayload: -1},
		"Prefix":     {Prefix: "a{b"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, name) {
					t.Errorf("got %q, want a panic about %s", text, name)
				}
			}()
			redis.New(client, &o)
		})
	}
}
