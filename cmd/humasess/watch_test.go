package main

import (
	"context"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
)

// TestRevokeIsHeard ends streams of programs that watch.
func TestRevokeIsHeard(t *testing.T) {
	s := onPostgres(t)
	dsn := servertest.PostgresShared(t).DSN
	pool, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close(context.WithoutCancel(t.Context())) }()
	watching := postgres.New(pool, &postgres.Options{
		Schema: s.flags[1],
		Hints:  func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, dsn) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended, done := make(chan stores.ID, 10), make(chan struct{})
	go func() {
		defer close(done)
		_ = watching.Watch(ctx, func(id stores.ID) { ended <- id })
	}()
	defer func() { cancel(); <-done }()
	want := func(what, id string) {
		t.Helper()
		for {
			select {
			case got := <-ended:
				if id == "" && got.IsZero() || got.String() == id {
					return
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("%s: nothing is heard", what)
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

// TestPgBouncer works behind one in transaction mode, with the URL that
// programs use there.
func TestPgBouncer(t *testing.T) {
	server := servertest.PostgresShared(t)
	s := onPostgres(t)
	s.url = server.StartPgBouncer(t) + "&default_query_exec_mode=exec"
	ids := signIn(t, s.program(t), user{ID: "ada"})
	s.want(t, exitOK, "migrate")
	s.want(t, exitOK, "doctor")
	has(t, "list", s.want(t, exitOK, "list", "--user", "ada"), ids[0])
	s.want(t, exitOK, "revoke", "--id", ids[0])
}
