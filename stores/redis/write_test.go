package redis_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
)

func TestMaxPayload(t *testing.T) {
	t.Parallel()
	ctx, proxy := t.Context(), servertest.NewProxy(t, servertest.RedisSingle(t).Addrs[0])
	client := dial(t, &servertest.Redis{Addrs: []string{proxy.Addr}}, oneConnection)
	for name, tt := range map[string]struct{ option, bound int }{"of the options": {100, 100}, "by default": {0, 1 << 20}} {
		t.Run(name, func(t *testing.T) {
			store := redis.New(client, &redis.Options{Prefix: prefix(t), MaxPayload: tt.option})
			id := mustAdd(t, store, "ada")
			if _, err := store.Update(ctx, stores.Update{ID: id, Version: 1, Payload: make([]byte, tt.bound)}); err != nil {
				t.Errorf("Update: %v", err)
			}
			fresh, err := store.NewID(t.Context(), "ada")
			if err != nil {
				t.Fatal(err)
			}
			proxy.Trips()
			over := make([]byte, tt.bound+1)
			if _, err := store.Create(ctx, stores.Create{ID: fresh, Identity: "ada", Payload: over, Idle: time.Hour, Absolute: time.Hour}); !errors.Is(err, stores.ErrTooLarge) {
				t.Errorf("Create: got %v, want ErrTooLarge", err)
			}
			if _, err := store.Update(ctx, stores.Update{ID: id, Version: 2, Payload: over}); !errors.Is(err, stores.ErrTooLarge) {
				t.Errorf("Update: got %v, want ErrTooLarge", err)
			}
			if n := proxy.Trips(); n != 0 {
				t.Errorf("got %d round trips, want none", n)
			}
		})
	}
}

// TestDeadlines bounds the deadline of a session by both calls that set it.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	ctx, store := t.Context(), open(t, dial(t, servertest.RedisSingle(t)))
	for _, identity := range []string{"ada", ""} {
		id, created, err := replace(ctx, t, store, stores.Create{Identity: identity})
		if err != nil {
			t.Fatal(err)
		}
		near := created.Now.Add(time.Minute)
		_, bounded, err := replace(ctx, t, store, stores.Create{Identity: identity, NotAfter: near})
		if err != nil || !bounded.Deadline.Equal(near) || !bounded.Expires.Equal(near) {
			t.Errorf("NotAfter: got %+v and error %v, want the deadline %v", bounded, err, near)
		}
		_, free, err := replace(ctx, t, store, stores.Create{Identity: identity, NotAfter: created.Now.Add(100 * time.Hour)})
		if err != nil || free.Deadline.Sub(free.Now) != time.Hour {
			t.Errorf("NotAfter far away: got %+v and error %v, want an hour", free, err)
		}
		for _, past := range []time.Time{created.Now.Add(-time.Microsecond), time.Unix(0, 0), time.Unix(-1, 0)} {
			none, _, err := replace(ctx, t, store, stores.Create{
				Identity: identity, NotAfter: past, Limit: 1, Replaces: []stores.Replaced{{ID: id, Version: 1}},
			})
			if !errors.Is(err, stores.ErrNotFound) {
				t.Errorf("NotAfter %v: got %v, want ErrNotFound", past, err)
			}
			lives(t, store, "a session after its end", none, false)
			lives(t, store, "the replaced", id, true)
		}

		update := func(version int64, absolute time.Duration, shorten bool) stores.Updated {
			t.Helper()
			u, err := store.Update(ctx, stores.Update{ID: id, Version: version, Absolute: absolute, Shorten: shorten})
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		if u := update(1, 2*time.Hour, true); !u.Deadline.Equal(created.Deadline) {
			t.Errorf("Shorten to later: got %v, want %v", u.Deadline, created.Deadline)
		}
		if u := update(2, time.Minute, true); u.Deadline.Sub(u.Now) != time.Minute || !u.Expires.Equal(u.Deadline) {
			t.Errorf("Shorten: got %v after %v, want a minute", u.Deadline, u.Now)
		}
		if u := update(3, time.Hour, false); u.Deadline.Sub(u.Now) != time.Hour {
			t.Errorf("restart: got %v after %v, want an hour", u.Deadline, u.Now)
		}
	}
}

// setUnused makes the session of a plain ID look as if it had not been used for so
// much longer. The key holds the sessions of its group.
func setUnused(t *testing.T, server *servertest.Redis, key string, plain []byte, longer time.Duration) {
	t.Helper()
	server.Command(t, server.Addrs[0], "EVAL", `local meta = redis.call('HGET', KEYS[1], ARGV[1])
		local seen = struct.unpack('>d', string.sub(meta, 9, 16)) - ARGV[2]
		return redis.call('HSET', KEYS[1], ARGV[1], string.sub(meta, 1, 8) .. struct.pack('>d', seen) .. string.sub(meta, 17))`,
		"1", key, "m"+string(plain), strconv.FormatInt(longer.Microseconds(), 10))
}

// TestTouchThrottle touches sessions a little before and a little after a
// twentieth of the idle timeout has passed. It uses the server's clock.
func TestTouchThrottle(t *testing.T) {
	t.Parallel()
	server, p := servertest.RedisSingle(t), prefix(t)
	ctx, store := t.Context(), redis.New(dial(t, server), &redis.Options{Prefix: p})
	for ago, want := range map[time.Duration]bool{time.Minute: false, 2 * time.Minute: true} {
		id := mustAdd(t, store, "")
		plain := store.Plain(id)
		setUnused(t, server, fmt.Sprintf("%s{%x}s", p, plain), plain[:], ago)
		before, err := store.Load(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		expires, err := store.Touch(ctx, id, 30*time.Minute)
		if err != nil || expires.Equal(before.Expires) == want {
			t.Errorf("seen %v ago: got %v and error %v, want another than %v: %v", ago, expires, err, before.Expires, want)
		}
		if after, err := store.Load(ctx, id); err != nil || after.LastSeen.Equal(before.LastSeen) == want {
			t.Errorf("seen %v ago: got LastSeen %v and error %v, want it moved from %v: %v", ago, after.LastSeen, err, before.LastSeen, want)
		}
	}
}
