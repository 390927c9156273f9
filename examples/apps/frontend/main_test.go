package main

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// port returns a free port of localhost.
func port(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// send sends a request of the page until the server runs.
func send(t *testing.T, method, url, origin string) *http.Response {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(`{"name": "ada", "password": "engine"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", origin)
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			if err := res.Body.Close(); err != nil {
				t.Error(err)
			}
			return res
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
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
			page, api := port(t), port(t)
			ended := make(chan error, 1)
			go func() { ended <- run(ctx, page, api, tt.otherSite, tt.lax) }()
			origin := "http://" + tt.host + ":" + page
			if res := send(t, http.MethodGet, origin, ""); !strings.Contains(res.Header.Get("Content-Security-Policy"), "connect-src http://localhost:"+api+";") {
				t.Errorf("page: got %v, want the API in its policy", res.Header)
			}
			res := send(t, http.MethodPost, "http://localhost:"+api+"/login", origin)
			if res.StatusCode != http.StatusNoContent || res.Header.Get("Access-Control-Allow-Origin") != origin {
				t.Errorf("sign-in: got %s, %v, want 204 and CORS for %s", res.Status, res.Header, origin)
			}
			if got := res.Header.Get("Set-Cookie"); !strings.HasPrefix(got, "frontend=") || !strings.HasSuffix(got, tt.cookie) {
				t.Errorf("cookie: got %q, want frontend=…%s", got, tt.cookie)
			}
			if res := send(t, http.MethodPost, "http://localhost:"+api+"/login", "http://evil.example"); res.StatusCode != http.StatusForbidden {
				t.Errorf("sign-in from elsewhere: got %s, want 403", res.Status)
			}
			stop()
			if err := <-ended; err != nil {
				t.Errorf("run: got %v, want nil", err)
			}
		})
	}
}
