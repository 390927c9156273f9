package redis_test

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// TestCore shows that the promises of the core hold on every form of Redis.
func TestCore(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server := f.server(t)
			client := dial(t, server)
			behave(t, client, server, hooks{})
		})
	}
}

// TestCarriers runs the matrix of carriers on every form of Redis.
func TestCarriers(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			client := dial(t, f.server(t))
			for _, b := range coretest.Carriers {
				store := open(t, client)
				b.Run(t, coretest.Shared{One: store, Other: store})
			}
		})
	}
}

// behave runs every behaviour, each on its own keys.
func behave(t *testing.T, client rueidis.Client, server *servertest.Redis, at hooks) {
	t.Helper()
	for _, b := range coretest.Behaviours {
		store := open(t, client)
		b.Run(t, coretest.Shared{One: store, Other: store, Hooks: at})
	}
	t.Run("T8 identity change between any two servers", func(t *testing.T) {
		identityChange(t, open(t, client), server, at)
	})
}

// identityChange changes the identity of a session, for every pair of
// primaries.
func identityChange(t *testing.T, store *redis.Store, server *servertest.Redis, at hooks) {
	handler, sessions := serve(t, store, nil, at)
	names := onEachPrimary(t, store, server)
	for from, a := range names {
		for to, b := range names {
			if from == to {
				continue
			}
			c := humasesstest.NewClient(handler)
			do(t, c, "POST", "/login?name="+a, 204)
			old := c.Clone()
			do(t, c, "POST", "/rename?name="+b, 204) // changes data, and the identity with it
			do(t, c, "GET", "/me", 200)
			do(t, old, "GET", "/me", 401)
			renamed := c.Clone()
			do(t, c, "POST", "/login?name="+a, 204) // signs in over the same session
			do(t, c, "POST", "/bump", 200)
			do(t, renamed, "GET", "/me", 401)
			for name, want := range map[string]int{a: 1, b: 0} {
				if listed, err := sessions.List(t.Context(), name); len(listed) != want || err != nil {
					t.Errorf("%s: got %d sessions and error %v, want %d", name, len(listed), err, want)
				}
			}
			do(t, c, "POST", "/logout", 200)
		}
	}
}

// onEachPrimary returns one identity per primary, whose sessions that primary
// holds.
func onEachPrimary(t *testing.T, store *redis.Store, server *servertest.Redis) []string {
	t.Helper()
	if len(server.Addrs) < 6 {
		return []string{"ada", "bob"}
	}
	names := make([]string, 3)
	for i, found := 0, 0; found < len(names); i++ {
		name := fmt.Sprintf("user%d", i)
		id, err := store.NewID(t.Context(), owner(name))
		if err != nil {
			t.Fatal(err)
		}
		tag := store.Tag(id)
		slot, err := strconv.Atoi(server.Command(t, server.Addrs[0], "CLUSTER", "KEYSLOT", "{"+hex.EncodeToString(tag[:])+"}"))
		if err != nil {
			t.Fatal(err)
		}
		if primary := slot * len(names) / 16384; names[primary] == "" {
			names[primary] = name
			found++
		}
	}
	return names
}
