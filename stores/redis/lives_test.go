package redis_test

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
)

// slack is how much longer than its longest session a group lives at most: a span
// of the scripts, and the time of a slow test.
const slack = 20 * time.Second

// keyLives returns how long each key of the only group still lives, by its kind.
func keyLives(t *testing.T, server *servertest.Redis) map[string]time.Duration {
	t.Helper()
	left := map[string]time.Duration{}
	for _, kind := range "seo" {
		key := keyOf(t, server, string(kind))
		ms, err := strconv.Atoi(server.Command(t, server.Addrs[0], "PTTL", key))
		if err != nil || ms < 0 {
			t.Fatalf("key %q of kind %c: got PTTL %d and error %v, want a time", key, kind, ms, err)
		}
		left[string(kind)] = time.Duration(ms) * time.Millisecond
	}
	return left
}

// TestKeysOutliveSessions changes the sessions of an identity at random. The keys
// must live at least as long as the longest session, and not much longer.
func TestKeysOutliveSessions(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	store := redis.New(dial(t, server), nil)
	ctx := t.Context()
	timeout := func() time.Duration { return time.Minute + rand.N(time.Minute) }
	for range 40 {
		server.Command(t, server.Addrs[0], "FLUSHALL")
		var ids []stores.ID
		for range 2 {
			ids = append(ids, mustAdd(t, store, "ada"))
		}
		for range 20 {
			id := ids[rand.N(len(ids))]
			r, err := store.Load(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			switch rand.N(4) {
			case 0:
				_, err = store.Touch(ctx, id, timeout())
			case 1:
				_, err = store.Update(ctx, stores.Update{ID: id, Version: r.Version})
			default:
				_, err = store.Update(ctx, stores.Update{ID: id, Version: r.Version, Idle: timeout()})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		records, err := store.List(ctx, "ada")
		if err != nil {
			t.Fatal(err)
		}
		var longest time.Duration
		for i := range records {
			longest = max(longest, records[i].Expires.Sub(records[i].Now))
		}
		for kind, left := range keyLives(t, server) {
			// List was earlier than PTTL, so a little less is left.
			if left < longest-time.Second {
				t.Errorf("key of kind %s: got %v to live, want those of the longest session, %v", kind, left, longest)
			}
		}
	}
}

func TestLivesOfKeys(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	store := redis.New(dial(t, server), nil)
	ctx := t.Context()
	update := func(t *testing.T, u stores.Update) {
		t.Helper()
		if _, err := store.Update(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("a shorter session ends sooner", func(t *testing.T) {
		server.Command(t, server.Addrs[0], "FLUSHALL")
		id := mustAdd(t, store, "ada")
		update(t, stores.Update{ID: id, Version: 1, Idle: time.Hour / 2})
		update(t, stores.Update{ID: id, Version: 2, Absolute: time.Minute, Shorten: true})
		for kind, left := range keyLives(t, server) {
			if left > time.Minute+slack {
				t.Errorf("key of kind %s: got %v to live, want a minute and %v at most", kind, left, slack)
			}
		}
	})
	t.Run("an index that was evicted gets a life", func(t *testing.T) {
		server.Command(t, server.Addrs[0], "FLUSHALL")
		id := mustAdd(t, store, "ada")
		update(t, stores.Update{ID: id, Version: 1, Idle: time.Hour / 2})
		evict(t, server, "e")
		update(t, stores.Update{ID: id, Version: 2, Idle: time.Hour / 2})
		keyLives(t, server)
	})
	t.Run("a later update in the same span", func(t *testing.T) {
		server.Command(t, server.Addrs[0], "FLUSHALL")
		id := mustAdd(t, store, "ada")
		const span = 8388608 * time.Microsecond
		var begin time.Time
		var r stores.Record
		for version, after := range []time.Duration{time.Second, 7 * time.Second} { // of the span's begin
			var err error
			if r, err = store.Load(ctx, id); err != nil {
				t.Fatal(err)
			}
			if version == 0 {
				begin = time.UnixMicro((r.Now.Add(10*time.Minute).UnixMicro()/span.Microseconds() + 1) * span.Microseconds())
			}
			update(t, stores.Update{ID: id, Version: r.Version, Idle: begin.Add(after).Sub(r.Now)})
		}
		want := begin.Add(7 * time.Second).Sub(r.Now)
		for kind, left := range keyLives(t, server) {
			if left < want-time.Second {
				t.Errorf("key of kind %s: got %v to live, want %v", kind, left, want)
			}
		}
	})
	t.Run("updates in one span leave the lives", func(t *testing.T) {
		server.Command(t, server.Addrs[0], "FLUSHALL")
		id := mustAdd(t, store, "ada")
		server.Command(t, server.Addrs[0], "CONFIG", "RESETSTAT")
		const updates = 200
		start := time.Now()
		for v := range int64(updates) {
			update(t, stores.Update{ID: id, Version: v + 1, Idle: time.Hour / 2})
		}
		spans := 2 + int(time.Since(start)/(8*time.Second))
		stats := server.Command(t, server.Addrs[0], "INFO", "commandstats")
		m := regexp.MustCompile(`cmdstat_pexpireat:calls=(\d+)`).FindStringSubmatch(stats)
		if m == nil {
			return
		}
		if got, _ := strconv.Atoi(m[1]); got > 3*spans {
			t.Errorf("%d updates: got %d calls of PEXPIREAT, want %d at most", updates, got, 3*spans)
		}
	})
}
