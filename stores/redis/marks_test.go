package redis_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
)

// TestMarksAreIndependent leaves both marks of an identity in turn.
func TestMarksAreIndependent(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := open(t, dial(t, servertest.RedisSingle(t)))
	want := func(revoked, changed int64) {
		t.Helper()
		c, err := create(ctx, store, "ada", time.Hour, 0)
		if err != nil || c.Mark != revoked || c.ChangeMark != changed {
			t.Errorf("got marks %d and %d and error %v, want %d and %d", c.Mark, c.ChangeMark, err, revoked, changed)
		}
		if (c.RevokedAgo == stores.NotRevoked) != (revoked == 0) || c.RevokedAgo > time.Minute || c.ChangedAgo > time.Minute {
			t.Errorf("got revoked %v ago and changed %v ago", c.RevokedAgo, c.ChangedAgo)
		}
	}
	want(0, 0)
	first, err := store.MarkChanged(ctx, "ada")
	if err != nil || first.Ago != stores.NotRevoked || first.Mark == 0 {
		t.Fatalf("got %+v and error %v, want a first mark", first, err)
	}
	want(0, first.Mark)
	revoked, err := store.RevokeIdentity(ctx, "ada", stores.ID{})
	if err != nil || revoked.Ago != stores.NotRevoked || revoked.Count != 2 {
		t.Fatalf("got %+v and error %v, want two sessions and no revocation before", revoked, err)
	}
	want(revoked.Mark, first.Mark)
	second, err := store.MarkChanged(ctx, "ada")
	if err != nil || second.Ago < 0 || second.Mark == first.Mark || second.Mark == revoked.Mark {
		t.Fatalf("got %+v and error %v, want another mark", second, err)
	}
	want(revoked.Mark, second.Mark)
	if again, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); err != nil || again.Ago < 0 || again.Mark == revoked.Mark {
		t.Errorf("got %+v and error %v, want another revocation", again, err)
	}
}

// TestMarksFromTheFuture moves marks as if the server's clock had been set back
// by an hour. They count as now once, and then they age.
func TestMarksFromTheFuture(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := servertest.StartRedis(t)
	addr := server.Addrs[0]
	store := redis.New(dial(t, server), nil)
	ahead := func(pattern string, times ...int) { // these fields of the value are times
		t.Helper()
		key := server.Command(t, addr, "KEYS", pattern)
		fields := strings.Fields(server.Command(t, addr, "GET", key))
		for _, i := range times {
			at, err := strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			fields[i] = fmt.Sprint(at + time.Hour.Microseconds())
		}
		server.Command(t, addr, "SET", key, strings.Join(fields, " "))
	}
	past := func(key string) bool { // whether all times in it have passed
		t.Helper()
		var now int64
		if _, err := fmt.Sscan(server.Command(t, addr, "TIME"), &now); err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(server.Command(t, addr, "GET", server.Command(t, addr, "KEYS", key)))
		for i := 0; i < len(fields); i += 2 {
			if at, _ := strconv.ParseInt(fields[i], 10, 64); at > (now+1)*1e6 {
				return false
			}
		}
		return len(fields) > 0
	}
	const own = "*}m*"
	for _, tt := range []struct {
		name string
		run  func() error
	}{
		{"create", func() error { _, err := create(ctx, store, "ada", time.Hour, 0); return err }},
		{"revoke", func() error { _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); return err }},
		{"mark", func() error { _, err := store.MarkChanged(ctx, "ada"); return err }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			revoked, err := store.RevokeIdentity(ctx, "ada", stores.ID{})
			if err != nil {
				t.Fatal(err)
			}
			changed, err := store.MarkChanged(ctx, "ada")
			if err != nil {
				t.Fatal(err)
			}
			ahead(own, 0, 2)
			if past(own) {
				t.Fatal("the marks are not from the future")
			}
			if err := tt.run(); err != nil {
				t.Fatal(err)
			}
			if !past(own) {
				t.Error("the marks are still from the future")
			}
			c, err := create(ctx, store, "ada", time.Hour, 0)
			if err != nil || c.RevokedAgo < 0 || c.ChangedAgo < 0 || c.RevokedAgo > time.Minute || c.ChangedAgo > time.Minute {
				t.Errorf("got %+v and error %v, want both a moment ago", c, err)
			}
			if tt.name != "revoke" && c.Mark != revoked.Mark || tt.name != "mark" && c.ChangeMark != changed.Mark {
				t.Errorf("got marks %d and %d, want %d and %d", c.Mark, c.ChangeMark, revoked.Mark, changed.Mark)
			}
		})
	}
	t.Run("clear", func(t *testing.T) {
		other := redis.New(dial(t, server), &redis.Options{Prefix: "other:"})
		cleared, err := other.Clear(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		server.Command(t, addr, "EVAL", `for _, key in ipairs(redis.call('KEYS', 'other:{*}a')) do
			local at, name = string.match(redis.call('GET', key), '^(%d+) (%d+)$')
			redis.call('SET', key, string.format('%.0f %s', at + 3600000000, name))
		end`, "0")
		for _, identity := range []string{"ada", ""} {
			c, err := create(ctx, other, identity, time.Hour, 0)
			if err != nil || c.Mark != cleared.Mark || c.RevokedAgo < 0 || c.RevokedAgo > time.Minute {
				t.Errorf("%q: got %+v and error %v, want the mark %d a moment ago", identity, c, err, cleared.Mark)
			}
		}
		rewritten := server.Command(t, addr, "EVAL", `local n, now = 0, tonumber(redis.call('TIME')[1])
		for _, key in ipairs(redis.call('KEYS', 'other:{*}a')) do
			if tonumber(string.match(redis.call('GET', key), '^%d+')) <= (now + 1) * 1000000 then
				n = n + 1
			end
		end
		return n`, "0")
		if rewritten != "2" {
			t.Errorf("got %s marks rewritten, want those of two slots", rewritten)
		}
	})
}

// TestRevocationsFromTheFuture does the same to a mark of cookie stores.
func TestRevocationsFromTheFuture(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := servertest.RedisSingle(t)
	addr, p := server.Addrs[0], prefix(t)
	r := redis.NewRevocations(dial(t, server), &redis.Options{Prefix: p})
	first, err := r.RevokeIdentity(ctx, "ada", 0)
	if err != nil {
		t.Fatal(err)
	}
	key := p + "{revoked}marks"
	field := ""
	for f := range strings.SplitSeq(server.Command(t, addr, "HKEYS", key), "\n") {
		if strings.HasPrefix(f, "i") {
			field = f
		}
	}
	future := first.Mark + time.Hour.Microseconds()
	server.Command(t, addr, "HSET", key, field, fmt.Sprint(first.Mark)+" "+fmt.Sprint(future))
	st, err := r.Check(ctx, stores.ID{1}, "ada")
	if err != nil || st.Mark != first.Mark || st.RevokedAgo != 0 {
		t.Errorf("got %+v and error %v, want the mark %d of now", st, err, first.Mark)
	}
	_, at, _ := strings.Cut(server.Command(t, addr, "HGET", key, field), " ")
	if n, err := strconv.ParseInt(at, 10, 64); err != nil || n >= future {
		t.Errorf("got the time %s and error %v, want it rewritten", at, err)
	}
	// A name that is a future time is still replaced by another name.
	server.Command(t, addr, "HSET", key, field, fmt.Sprint(future)+" "+fmt.Sprint(future))
	next, err := r.RevokeIdentity(ctx, "ada", 0)
	if err != nil || next.Mark == future || next.Before != future {
		t.Errorf("got %+v and error %v, want another mark than %d", next, err, future)
	}
	if st, err := r.Check(ctx, stores.ID{1}, "ada"); err != nil || st.Mark != next.Mark || st.RevokedAgo > time.Minute {
		t.Errorf("got %+v and error %v, want the mark %d a moment ago", st, err, next.Mark)
	}
}

// TestRevocationsAreBounded lets marks get old while the program only checks.
func TestRevocationsAreBounded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := servertest.RedisSingle(t)
	addr, p := server.Addrs[0], prefix(t)
	r := redis.NewRevocations(dial(t, server), &redis.Options{Prefix: p})
	kept := func() string { return server.Command(t, addr, "ZCARD", p+"{revoked}due") }
	for i := range 50 {
		if err := r.End(ctx, stores.ID{1, byte(i)}, time.Hour, 0); err != nil {
			t.Fatal(err)
		}
	}
	// If End is repeated with a longer time, the mark is kept longer.
	if err := r.End(ctx, stores.ID{1, 0}, 2*time.Hour, 0); err == nil {
		t.Error("got no error from a second End")
	}
	due := server.Command(t, addr, "ZREVRANGE", p+"{revoked}due", "0", "0")
	if id := (stores.ID{1, 0}); due != "s"+string(id[:]) {
		t.Errorf("got %q as the last that is due, want the session that was ended twice", due)
	}
	for i := range 50 { // as if an hour had passed for all others
		if id := (stores.ID{1, byte(i)}); i > 0 {
			server.Command(t, addr, "ZADD", p+"{revoked}due", "1", "s"+string(id[:]))
		}
	}
	for range 5 {
		if _, err := r.Check(ctx, stores.ID{2}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got, fields := kept(), server.Command(t, addr, "HLEN", p+"{revoked}marks"); got != "1" || fields != "2" {
		t.Errorf("got %s that are due and %s fields, want 1 and 2: the session and the era", got, fields)
	}
	// Each write removes more than it adds.
	for i := range 200 {
		if err := r.End(ctx, stores.ID{3, byte(i)}, time.Microsecond, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := strconv.Atoi(kept()); err != nil || n > 12 {
		t.Errorf("got %d that are due and error %v, want 12 at most", n, err)
	}
	if st, err := r.Check(ctx, stores.ID{1, 0}, ""); err != nil || !st.Ended {
		t.Errorf("got %+v and error %v, want the session ended", st, err)
	}
}

// TestRevocationsOnAFullServer checks a cookie on a server that refuses writes.
func TestRevocationsOnAFullServer(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := redis.NewRevocations(dial(t, server), nil)
	if err := r.End(t.Context(), stores.ID{1}, time.Hour, 0); err != nil {
		t.Fatal(err)
	}
	server.Command(t, server.Addrs[0], "CONFIG", "SET", "maxmemory", "1")
	if st, err := r.Check(t.Context(), stores.ID{1}, "ada"); err != nil || !st.Ended {
		t.Errorf("got %+v and error %v, want the session ended", st, err)
	}
}
