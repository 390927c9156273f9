package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
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
	var calls atomic.Int32
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			use := first
			if i%2 == 1 {
				use = second
			}
			_ = use(t.Context(), "a", later, func() error { calls.Add(1); return nil })
		})
	}
	group.Wait()
	if got := calls.Load(); got != 1 {
		t.Errorf("after a failure, 16 uses: got %d calls, want 1", got)
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
