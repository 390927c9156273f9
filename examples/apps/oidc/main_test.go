package main

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestRun starts the program, asks for both pages, and stops it.
func TestRun(t *testing.T) {
	for _, other := range []string{"", "http://localhost:8080"} {
		ctx, stop := context.WithCancel(t.Context())
		app, provider := free(t), free(t)
		stopped := make(chan error, 1)
		go func() { stopped <- run(ctx, app, provider, other, false) }()
		if got := get(t, "http://"+provider+"/.well-known/openid-configuration"); got != http.StatusOK {
			t.Errorf("provider: got %d, want 200", got)
		}
		if other == "" {
			if got := get(t, "http://"+app+"/"); got != http.StatusOK {
				t.Errorf("application: got %d, want 200", got)
			}
		}
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("got %v at the end", err)
		}
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
