package main

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
)

// listen returns a listener on a free port. Requests wait until the program serves.
func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// send sends a request of the page.
func send(t *testing.T, method, url, origin string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(`{"name": "ada", "password": "engine"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", origin)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	return res
}

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name           string
		otherSite, lax bool
		host, cookie   string
	}{
		{"same site", false, false, "localhost", "; Path=/; HttpOnly; SameSite=Lax"},
		{"other site", true, false, "127.0.0.1", "; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"},
		{"other site with Lax", true, true, "127.0.0.1", "; Path=/; HttpOnly; SameSite=Lax"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			page, api := listen(t), listen(t)
			ended := make(chan error, 1)
			go func() { ended <- run(ctx, page, api, tt.otherSite, tt.lax) }()
			origin, url := "http://"+at(tt.host, page), "http://"+at("localhost", api)
			if res := send(t, http.MethodGet, origin, ""); !strings.Contains(res.Header.Get("Content-Security-Policy"), "connect-src "+url+";") {
				t.Errorf("page: got %v, want the API in its policy", res.Header)
			}
			res := send(t, http.MethodPost, url+"/login", origin)
			if res.StatusCode != http.StatusNoContent || res.Header.Get("Access-Control-Allow-Origin") != origin {
				t.Errorf("sign-in: got %s, %v, want 204 and CORS for %s", res.Status, res.Header, origin)
			}
			if got := res.Header.Get("Set-Cookie"); !strings.HasPrefix(got, "frontend=") || !strings.HasSuffix(got, tt.cookie) {
				t.Errorf("cookie: got %q, want frontend=…%s", got, tt.cookie)
			}
			if res := send(t, http.MethodPost, url+"/login", "http://evil.example"); res.StatusCode != http.StatusForbidden {
				t.Errorf("sign-in from elsewhere: got %s, want 403", res.Status)
			}
			stop()
			if err := <-ended; err != nil {
				t.Errorf("run: got %v, want nil", err)
			}
		})
	}
}
