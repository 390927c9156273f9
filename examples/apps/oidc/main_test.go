package main

import (
	"context"
	"net"
	"net/http"
	"testing"
)

// TestRun starts the program, asks for both pages, and stops it.
func TestRun(t *testing.T) {
	for _, other := range []string{"", "http://localhost:8080"} {
		ctx, stop := context.WithCancel(t.Context())
		app, provider := listen(t), listen(t)
		stopped := make(chan error, 1)
		go func() { stopped <- run(ctx, app, provider, other, false) }()
		wantPage(t, urlOf(provider)+"/.well-known/openid-configuration")
		if other == "" {
			wantPage(t, urlOf(app)+"/")
		}
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("got %v at the end", err)
		}
	}
}

func TestStartRefusesABusyPort(t *testing.T) {
	_, busy, err := net.SplitHostPort(listen(t).Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, ports := range [][2]string{{busy, "0"}, {"0", busy}} {
		if err := start(t.Context(), ports[0], ports[1], "", false); err == nil {
			t.Errorf("got no error with the ports %q", ports)
		}
	}
}

// listen returns a listener on a free port. Requests wait until the program serves.
func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func wantPage(t *testing.T, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Errorf("%s: got %s, want 200", url, res.Status)
	}
}
