package redis_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

func hinted(tb testing.TB, client rueidis.Client, prefix string) *redis.Store {
	tb.Helper()
	return redis.New(client, &redis.Options{Prefix: prefix, Hints: true, Logger: slog.New(slog.DiscardHandler)})
}

// listen returns the IDs that a Watch reports, from its first subscription on.
func listen(t *testing.T, store *redis.Store) <-chan stores.ID {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	heard, end := make(chan stores.ID, 1000), make(chan error, 1)
	go func() { end <- store.Watch(ctx, func(id stores.ID) { heard <- id }) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-end:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Watch: got %v, want context.Canceled", err)
			}
		case <-time.After(patience):
			t.Error("Watch goes on after its context has ended")
		}
	})
	hears(t, heard, stores.ID{})
	return heard
}

// hears requires exactly these hints to come next, in this order.
func hears(t *testing.T, heard <-chan stores.ID, want ...stores.ID) {
	t.Helper()
	for i, id := range want {
		select {
		case got := <-heard:
			if got != id {
				t.Fatalf("hint %d: got %v, want %v", i, got, id)
			}
		case <-time.After(patience):
			t.Fatalf("hint %d: got none, want %v", i, id)
		}
	}
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
			for _, tt := range []struct{ sessions, hints int }{{1, 1}, {64, 64}, {65, 1}} {
				ids := make(map[stores.ID]bool)
				for range tt.sessions {
					ids[mustAdd(t, store, "ada")] = true
				}
				if _, err := store.RevokeIdentity(t.Context(), "ada", stores.ID{}); err != nil {
					t.Fatal(err)
				}
				last := mustAdd(t, store, "ada") // on the same server, so that its hint comes last
				mustDelete(t, store, last)
				n := 0
				for id := range heard {
					if id == last {
						break
					}
					n++
					if ids[id] != (tt.sessions == tt.hints) || !ids[id] && !id.IsZero() {
						t.Errorf("%d sessions: got the hint %v", tt.sessions, id)
					}
				}
				if n != tt.hints {
					t.Errorf("%d sessions: got %d hints, want %d", tt.sessions, n, tt.hints)
				}
			}
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
