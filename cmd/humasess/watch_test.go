package main

import (
	"context"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/redis"
	"github.com/jackc/pgx/v5"
	"github.com/redis/rueidis"
)

// TestRevokeIsHeard requires that revoke sends hints to programs that watch.
func TestRevokeIsHeard(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		s := onPostgres(t)
		connect := func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, s.url) }
		conn, err := connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
		heard(t, s, postgres.New(conn, &postgres.Options{Schema: s.flags[1], Hints: connect}))
	})
	t.Run("redis", func(t *testing.T) {
		s := onRedis(t)
		client, err := rueidis.NewClient(rueidis.MustParseURL(s.url))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		heard(t, s, redis.New(client, &redis.Options{Prefix: s.flags[1], Key: []byte(s.env[keyVariable]), Hints: true, Logger: quiet()}))
	})
}

// heard requires that a watcher receives the ID of each session that the program
// ends.
func heard(t *testing.T, s *site, watching stores.Watcher) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended, done := make(chan stores.ID, 100), make(chan struct{})
	go func() {
		defer close(done)
		_ = watching.Watch(ctx, func(id stores.ID) { ended <- id })
	}()
	defer func() { cancel(); <-done }()
	want := func(name, id string) {
		t.Helper()
		for {
			select {
			case got := <-ended:
				if id == "" && got.IsZero() || got.String() == id {
					return
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("%s: no hint was received", name)
			}
		}
	}
	want("watching", "")
	ids := signIn(t, s.program(t), user{ID: "ada"}, user{ID: "ada"})
	s.want(t, exitOK, "revoke", "--id", ids[0])
	want("--id", ids[0])
	s.want(t, exitOK, "revoke", "--user", "ada")
	want("--user", ids[1])
}

// TestPgBouncer uses the program behind PgBouncer in transaction mode, with the URL
// that programs use there.
func TestPgBouncer(t *testing.T) {
	server := servertest.PostgresShared(t)
	s := onPostgres(t)
	s.url = server.StartPgBouncer(t).DSN + "&default_query_exec_mode=exec"
	ids := signIn(t, s.program(t), user{ID: "ada"})
	s.want(t, exitOK, "migrate")
	s.want(t, exitOK, "doctor")
	has(t, "list", s.want(t, exitOK, "list", "--user", "ada"), ids[0])
	s.want(t, exitOK, "revoke", "--id", ids[0])
}
