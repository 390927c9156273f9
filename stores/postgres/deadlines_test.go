package postgres_test

import (
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
)

func TestDeadlines(t *testing.T) {
	t.Parallel()
	store, _ := open(t, shared(t))
	ctx := t.Context()
	bound := time.Now().Add(30 * time.Minute).Truncate(time.Microsecond)
	id, created, err := replace(ctx, t, store, "ada", func(c *stores.Create) { c.NotAfter = bound })
	if err != nil || !created.Deadline.Equal(bound) || !created.Expires.Equal(bound) {
		t.Fatalf("NotAfter: got %+v and error %v, want the deadline %v", created, err, bound)
	}
	_, created, err = replace(ctx, t, store, "ada", func(c *stores.Create) { c.NotAfter = time.Now().Add(2 * time.Hour) })
	if err != nil || created.Deadline.Sub(created.Now) != time.Hour {
		t.Errorf("a later NotAfter: got %+v and error %v, want an hour", created, err)
	}
	version := int64(0)
	update := func(absolute time.Duration, shorten bool) stores.Updated {
		t.Helper()
		version++
		u, err := store.Update(ctx, stores.Update{ID: id, Version: version, Idle: time.Hour, Absolute: absolute, Shorten: shorten})
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	if u := update(time.Hour, true); !u.Deadline.Equal(bound) || !u.Expires.Equal(bound) {
		t.Errorf("shortened to more: got %+v, want the deadline %v as before", u, bound)
	}
	u := update(10*time.Minute, true)
	if u.Deadline.Sub(u.Now) != 10*time.Minute || !u.Expires.Equal(u.Deadline) {
		t.Errorf("shortened: got %+v, want 10 minutes", u)
	}
	if u := update(time.Hour, false); u.Deadline.Sub(u.Now) != time.Hour {
		t.Errorf("restarted: got %+v, want an hour", u)
	}
}

// TestTouchThrottle touches sessions that were seen a while ago. A twentieth of
// the idle timeout decides whether the touch is written.
func TestTouchThrottle(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, name := open(t, pool)
	const idle = 20 * time.Minute
	for minutes, written := range map[float64]bool{0: false, 0.9: false, 1.1: true, 1.9: true, -1: true} {
		id, created, err := replace(t.Context(), t, store, "ada", func(c *stores.Create) { c.Idle = idle })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Exec(t.Context(), "UPDATE "+pgx.Identifier{name, "humasess_sessions"}.Sanitize()+
			" SET last_seen = clock_timestamp() - $1::float8 * interval '1 minute' WHERE id = $2::bytea", minutes, id[:]); err != nil {
			t.Fatal(err)
		}
		expires, err := store.Touch(t.Context(), id, idle)
		if err != nil || expires.After(created.Expires) != written {
			t.Errorf("seen %v minutes ago: got %v after %v and error %v, want that it is written %v", minutes, expires, created.Expires, err, written)
		}
	}
}
