package main

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/console"
	"github.com/humasess/sessions/internal/servertest"
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
