package main

import (
	"context"
	"net"
	"net/http"
	"testing"
)

// TestRun starts the program, asks for its page, and stops it. The request waits until
// the program serves.
func TestRun(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- run(ctx, listener) }()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listener.Addr().String()+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("got %s, %v, want 200", res.Status, err)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Errorf("got %v at the end", err)
	}
}
