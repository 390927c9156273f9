package main

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestRun starts the program, asks for its page, and stops it.
func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	address := free(t)
	stopped := make(chan error, 1)
	go func() { stopped <- run(ctx, strings.TrimPrefix(address, "localhost:")) }()
	if got := get(t, "http://"+address+"/"); got != http.StatusOK {
		t.Errorf("got %d, want 200", got)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Errorf("got %v at the end", err)
	}
}

// free returns an address of localhost with a free port.
func free(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "localhost:" + port
}

// get asks for a page until the program serves.
func get(t *testing.T, url string) int {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
			return res.StatusCode
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
