package redis_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

func hinted(tb testing.TB, client rueidis.Client, prefix string) *redis.Store {
	tb.Helper()
	return redis.New(client, &redis.Options{Prefix: prefix, Hints: true, Logger: slog.New(slog.DiscardHandler)})
}

func mustDelete(t *testing.T, store *redis.Store, id stores.ID) {
	t.Helper()
	if err := store.Delete(t.Context(), id, stores.Condition{}); err != nil {
		t.Fatalf("Delete: %v", err)
	}
}

// TestHints watches with one client and ends sessions with another.
func TestHints(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server, name := f.server(t), prefix(t)
			store := hinted(t, dial(t, server), name)
			heard := listen(t, hinted(t, dial(t, server), name))
			coretest.HintsOfMany(t, store, heard)
		})
	}
}

// TestHintsOff shows that without the option nothing is published, and Watch
// fails.
func TestHintsOff(t *testing.T) {
	t.Parallel()
	client, name := dial(t, servertest.RedisSingle(t)), prefix(t)
	on := hinted(t, client, name)
	heard := listen(t, on)
	off := redis.New(client, &redis.Options{Prefix: name})
	mustDelete(t, off, mustAdd(t, off, "ada"))
	id := mustAdd(t, on, "ada")
	mustDelete(t, on, id)
	hears(t, heard, id)
	if err := off.Watch(t.Context(), nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Watch: got %v, want ErrUnsupported", err)
	}
}

// TestHintsOfWhatIsNone sends a message that is not an ID, which stands for all
// sessions.
func TestHintsOfWhatIsNone(t *testing.T) {
	t.Parallel()
	client, name := dial(t, servertest.RedisSingle(t)), prefix(t)
	heard := listen(t, hinted(t, client, name))
	for _, word := range []string{"", "nonsense", "seventeen letters"} {
		if err := client.Do(t.Context(), client.B().Publish().Channel(name+"ended").Message(word).Build()).Error(); err != nil {
			t.Fatal(err)
		}
		hears(t, heard, stores.ID{})
	}
}

// TestHintsAfterAnOutage breaks the connection of the watcher.
func TestHintsAfterAnOutage(t *testing.T) {
	t.Parallel()
	server, name := servertest.RedisSingle(t), prefix(t)
	watcher := "watches-" + name[:8]
	heard := listen(t, hinted(t, dial(t, server, func(o *rueidis.ClientOption) { o.ClientName = watcher }), name))
	client := dial(t, server)
	store := hinted(t, client, name)
	for range 2 {
		id := mustAdd(t, store, "ada")
		mustDelete(t, store, id)
		hears(t, heard, id)
		list, err := client.Do(t.Context(), client.B().Arbitrary("CLIENT", "LIST", "TYPE", "pubsub").Build()).ToString()
		if err != nil {
			t.Fatal(err)
		}
		killed := 0
		for line := range strings.Lines(list) {
			if fields := strings.Fields(line); slices.Contains(fields, "name="+watcher) {
				killed++
				_, id, _ := strings.Cut(fields[0], "id=") // the first line begins with the reply of RESP3
				if err := client.Do(t.Context(), client.B().Arbitrary("CLIENT", "KILL", "ID", id).Build()).Error(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if killed != 1 {
			t.Fatalf("got %d connections that watch, want 1", killed)
		}
		hears(t, heard, stores.ID{})
	}
}

// TestHintsAreOnlyHints ends sessions as a server's user without the right to
// publish.
func TestHintsAreOnlyHints(t *testing.T) {
	t.Parallel()
	server, name := servertest.RedisSingle(t), prefix(t)
	admin := dial(t, server)
	user := "mute" + name[:8]
	if err := admin.Do(t.Context(), admin.B().Arbitrary("ACL", "SETUSER", user, "on", ">secret", "~*", "resetchannels", "+@all").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	store := hinted(t, dial(t, server, func(o *rueidis.ClientOption) { o.Username, o.Password = user, "secret" }), name)
	id := mustAdd(t, store, "ada")
	mustDelete(t, store, id)
	mustAdd(t, store, "ada")
	if revoked, err := store.RevokeIdentity(t.Context(), "ada", stores.ID{}); revoked.Count != 1 || err != nil {
		t.Errorf("got %d revoked and error %v, want 1", revoked.Count, err)
	}
}
