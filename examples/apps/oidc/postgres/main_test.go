package main

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestOpen(t *testing.T) {
	pool := newPool(t)
	for range 2 { // a second start finds the tables
		app, err := open(t.Context(), pool, map[string]string{"APP_URL": "https://app.example.com", "OIDC_ISSUER": "https://id.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := app.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		if w := humasesstest.NewClient(app).Do(http.MethodGet, "/", nil); w.Code != http.StatusOK {
			t.Errorf("got %d %s, want 200", w.Code, w.Body)
		}
	}
	if _, err := open(t.Context(), pool, map[string]string{"APP_URL": "https://app.example.com/"}); err == nil {
		t.Error("got no error for a URL with a path")
	}
}

func TestOnce(t *testing.T) {
	pool := newPool(t)
	if _, err := pool.Exec(t.Context(), usedLogouts); err != nil {
		t.Fatal(err)
	}
	first, second := once(pool), once(pool)
	later, failure := time.Now().Add(time.Hour), errors.New("failure")
	if err := first(t.Context(), "a", later, func() error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v, want the function's error", err)
	}
	// The process ends while the function runs, or its database is gone by then.
	ctx, cancel := context.WithCancel(t.Context())
	if err := first(ctx, "a", later, func() error { cancel(); return ctx.Err() }); err == nil {
		t.Error("got no error from a function that fails")
	}
	for i, want := range []int{1, 0, 0} { // the success, and replays to both processes
		calls := 0
		use := []func(context.Context, string, time.Time, func() error) error{first, second, first}[i]
		err := use(t.Context(), "a", later, func() error { calls++; return nil })
		if calls != want || (err == nil) != (want == 1) {
			t.Errorf("use %d: got %d calls and %v, want %d", i, calls, err, want)
		}
	}
	for range 2 { // the row has expired
		if err := first(t.Context(), "b", time.Now().Add(-time.Hour), func() error { return nil }); err != nil {
			t.Error(err)
		}
	}
}

func newPool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), servertest.StartPostgres(t, "fsync=off").DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
