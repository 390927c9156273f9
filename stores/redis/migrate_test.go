package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// migration moves one slot between two primaries, key by key.
type migration struct {
	t        *testing.T
	server   *servertest.Redis
	slot     string
	from, to string // addresses
	toID     string
}

// begin marks the slot as migrating. From then on the server answers TRYAGAIN
// to scripts if it has only some of their keys.
func begin(t *testing.T, server *servertest.Redis, tag string) *migration {
	t.Helper()
	m := &migration{t: t, server: server, slot: strconv.Itoa(slot(tag))}
	owner := slot(tag) * 3 / 16384
	m.from, m.to = server.Addrs[owner], server.Addrs[(owner+1)%3]
	m.toID = server.Command(t, m.to, "CLUSTER", "MYID")
	server.Command(t, m.to, "CLUSTER", "SETSLOT", m.slot, "IMPORTING", server.Command(t, m.from, "CLUSTER", "MYID"))
	server.Command(t, m.from, "CLUSTER", "SETSLOT", m.slot, "MIGRATING", m.toID)
	return m
}

// move moves the keys whose names end with one of ends.
func (m *migration) move(ends ...string) {
	m.t.Helper()
	host, port, _ := strings.Cut(m.to, ":")
	for key := range strings.FieldsSeq(m.server.Command(m.t, m.from, "CLUSTER", "GETKEYSINSLOT", m.slot, "100")) {
		for _, end := range ends {
			if strings.HasSuffix(key, end) || end == "" {
				m.server.Command(m.t, m.from, "MIGRATE", host, port, key, "0", "5000")
				break
			}
		}
	}
}

// finish ends the migration.
func (m *migration) finish() {
	m.t.Helper()
	m.move("")
	for _, addr := range []string{m.to, m.from} {
		m.server.Command(m.t, addr, "CLUSTER", "SETSLOT", m.slot, "NODE", m.toID)
	}
}

// TestMigratingSlot makes all calls while the keys of a group are on two
// servers. It continues when they are together again.
func TestMigratingSlot(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedisCluster(t)
	store := open(t, dial(t, server))
	ctx := t.Context()
	tag := func(id stores.ID) string { return fmt.Sprintf("%x", store.Tag(id)) }

	for i, tt := range []struct {
		name string
		run  func(ctx context.Context, identity string, id stores.ID) error
	}{
		{"Load", func(ctx context.Context, _ string, id stores.ID) error { _, err := store.Load(ctx, id); return err }},
		{"LoadMany", func(ctx context.Context, _ string, id stores.ID) error {
			records, err := store.LoadMany(ctx, []stores.ID{id})
			if err == nil && len(records) != 1 {
				err = stores.ErrNotFound
			}
			return err
		}},
		{"Update", func(ctx context.Context, _ string, id stores.ID) error {
			_, err := store.Update(ctx, stores.Update{ID: id, Version: 1})
			return err
		}},
		{"Create", func(ctx context.Context, identity string, _ stores.ID) error {
			_, err := create(ctx, store, identity, time.Hour, 0)
			return err
		}},
		{"MarkChanged and Create", func(ctx context.Context, identity string, _ stores.ID) error {
			changed, err := store.MarkChanged(ctx, identity)
			if err != nil {
				return err
			}
			c, err := create(ctx, store, identity, time.Hour, 0)
			if err == nil && c.ChangeMark != changed.Mark {
				err = errors.New("the mark is missing")
			}
			return err
		}},
		{"RevokeIdentity", func(ctx context.Context, identity string, _ stores.ID) error {
			r, err := store.RevokeIdentity(ctx, identity, stores.ID{})
			if err == nil && r.Count != 1 {
				err = fmt.Errorf("got %d revoked, want 1", r.Count)
			}
			return err
		}},
		{"Delete", func(ctx context.Context, _ string, id stores.ID) error {
			return store.Delete(ctx, id, stores.Condition{})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			identity := fmt.Sprint("user", i)
			id := mustAdd(t, store, identity)
			m := begin(t, server, tag(id))
			m.move("}s")                             // the sessions, and not their index
			if tt.name != "MarkChanged and Create" { // a single key is served
				err := inTime(ctx, func(short context.Context) error { return tt.run(short, identity, id) })
				says(t, tt.name, err, "migrating")
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want that it ends with its context", err)
				}
			}
			ctx, cancel := context.WithTimeout(ctx, patience) // the migration may take longer than the bound without a deadline
			defer cancel()
			end := make(chan error, 1)
			go func() { end <- tt.run(ctx, identity, id) }()
			rest() // usually the call has seen the migration by now
			m.finish()
			if err := <-end; err != nil {
				t.Errorf("after the migration: %v", err)
			}
		})
	}
	t.Run("visitors", func(t *testing.T) {
		// An anonymous session is one key, so it can always be served.
		id := mustAdd(t, store, "")
		plain := store.Plain(id)
		m := begin(t, server, fmt.Sprintf("%x", plain))
		for _, step := range []func(){func() {}, func() { m.move("}s") }} {
			step()
			if _, err := store.Load(ctx, id); err != nil {
				t.Errorf("Load: %v", err)
			}
			if _, err := store.Touch(ctx, id, time.Minute); err != nil {
				t.Errorf("Touch: %v", err)
			}
		}
		m.finish()
		mustDelete(t, store, id)
	})
}

// inTime calls with a deadline until the call sees the migration before its
// deadline. A busy machine may need longer for that.
func inTime(ctx context.Context, call func(context.Context) error) error {
	for limit := 100 * time.Millisecond; ; limit *= 2 {
		short, cancel := context.WithTimeout(ctx, limit)
		err := call(short)
		cancel()
		if limit > patience || !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "migrating") {
			return err
		}
	}
}

// tryAgain makes the client answer the first n loads with a TRYAGAIN of the server.
func (f *faulty) tryAgain(t *testing.T, tries *int, n int) {
	t.Helper()
	result := f.Client.Do(t.Context(), f.B().Eval().Script(`return redis.error_reply('TRYAGAIN in a test')`).Numkeys(0).Build())
	*tries = 0
	f.fail = func(sha string, run func() rueidis.RedisResult) rueidis.RedisResult {
		if sha != redis.LoadSHA {
			return run()
		}
		if *tries++; *tries > n {
			return run()
		}
		return rueidis.NewErrorResult(result.Error())
	}
}

// TestMigrationHasABound calls without a deadline.
func TestMigrationHasABound(t *testing.T) {
	t.Parallel()
	tries := 0
	client := &faulty{dial(t, servertest.RedisSingle(t)), nil}
	client.tryAgain(t, &tries, 3)
	store := redis.New(client, &redis.Options{Prefix: prefix(t)})
	if _, err := store.Load(t.Context(), stores.ID{1}); !errors.Is(err, stores.ErrNotFound) || tries != 4 {
		t.Errorf("got %v after %d tries, want ErrNotFound after 4", err, tries)
	}
	client.tryAgain(t, &tries, 5000)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := store.Load(context.WithoutCancel(t.Context()), stores.ID{1})
		says(t, "Load", err, "migrating")
		if took := time.Since(start); took < redis.RetryWithin || took > 2*redis.RetryWithin || tries < 20 {
			t.Errorf("gave up after %v and %d tries, want %v", took, tries, redis.RetryWithin)
		}
	})
}
