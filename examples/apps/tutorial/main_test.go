package main

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/console"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores/memory"
	"github.com/jackc/pgx/v5/pgxpool"
)

// TestTutorial runs the commands of docs/tutorial.md.
func TestTutorial(t *testing.T) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	address := "localhost:" + port
	t.Setenv("DATABASE_URL", servertest.StartPostgres(t).DSN)
	t.Setenv("LISTEN", address)
	ended := make(chan error, 1)
	go func() { ended <- run(context.WithoutCancel(t.Context())) }()
	wait(t, "http://"+address+"/docs", ended)
	page := filepath.Join("..", "..", "..", "docs", "tutorial.md")
	err = console.Check(t.Context(), page, t.TempDir(), func(block string) string {
		return strings.ReplaceAll(block, "localhost:8888", address)
	})
	if err != nil {
		t.Error(err)
	}
}

// wait returns when the program answers.
func wait(t *testing.T, url string, ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
			return
		}
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-ctx.Done():
			t.Fatal("the program does not answer")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestDatabaseDown shows that a client does not see the error of the database.
func TestDatabaseDown(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), "postgres://127.0.0.1:1/none")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	router := chi.NewMux()
	if err := register(humachi.New(router, huma.DefaultConfig("Tutorial", "1.0.0")), pool, memory.New(nil)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/signup", "/login"} {
		w := humasesstest.NewClient(router).Do("POST", path, Credentials{"ada", "analytical engine"})
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "127.0.0.1") {
			t.Errorf("%s: got %d %s, want 503 without the reason", path, w.Code, w.Body)
		}
	}
}
