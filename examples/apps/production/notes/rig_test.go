package notes_test

import (
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"testing"

	"github.com/humasess/sessions/examples/apps/production/notes"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

// rig is the application on a server of its own. Each process of it has a pool.
type rig struct {
	tb      testing.TB
	server  *servertest.Postgres
	log     io.Writer
	proxies []netip.Prefix
}

func newRig(tb testing.TB) rig {
	tb.Helper()
	return rig{tb: tb, server: servertest.StartPostgres(tb, "fsync=off"), log: io.Discard}
}

func (r rig) pool() *pgxpool.Pool {
	r.tb.Helper()
	pool, err := pgxpool.New(r.tb.Context(), r.server.DSN)
	if err != nil {
		r.tb.Fatal(err)
	}
	r.tb.Cleanup(pool.Close)
	return pool
}

// start returns a process of the application.
func (r rig) start() *notes.App {
	r.tb.Helper()
	pool, logger := r.pool(), slog.New(slog.NewJSONHandler(r.log, nil))
	if err := notes.Migrate(r.tb.Context(), pool, logger); err != nil {
		r.tb.Fatal(err)
	}
	origin := &url.URL{Scheme: "https", Host: "example.com"}
	app, err := notes.New(pool, postgres.New(pool, &postgres.Options{Logger: logger}), notes.Options{
		Origin: origin, Proxies: r.proxies, Logger: logger,
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	r.tb.Cleanup(func() { _ = app.Close(r.tb.Context()) })
	return app
}

// step is a request with the expected answer.
type step struct {
	name   string
	client *humasesstest.Client
	method string
	path   string
	body   any
	want   int
}

func (r rig) all(steps []step) {
	r.tb.Helper()
	for _, s := range steps {
		if w := s.client.Do(s.method, s.path, s.body); w.Code != s.want {
			r.tb.Fatalf("%s: got %d %s, want %d", s.name, w.Code, w.Body, s.want)
		}
	}
}

func credentials(name, password string) map[string]string {
	return map[string]string{"name": name, "password": password}
}

func text(s string) map[string]string { return map[string]string{"text": s} }
