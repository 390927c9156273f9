package main

import (
	"encoding/json"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/redis/rueidis"
)

// TestTwoServers signs in at two instances of the program and out everywhere.
func TestTwoServers(t *testing.T) {
	server := servertest.StartRedis(t)
	instance := func() *humasesstest.Client {
		client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: server.Addrs})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		h, err := handler(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		return humasesstest.NewClient(h)
	}
	first, second := instance(), instance()
	login := map[string]string{"name": "ada", "password": "engine"}
	var all []any
	steps := []struct {
		name   string
		client *humasesstest.Client
		method string
		path   string
		body   any
		want   int
	}{
		{"before login", first, "GET", "/me", nil, 401},
		{"wrong password", first, "POST", "/login", map[string]string{"name": "ada", "password": "x"}, 401},
		{"login", first, "POST", "/login", login, 204},
		{"login elsewhere", second, "POST", "/login", login, 204},
		{"me", first, "GET", "/me", nil, 200},
		{"sessions", first, "GET", "/sessions", nil, 200},
		{"logout everywhere", second, "POST", "/logout-everywhere", nil, 204},
		{"me after it", first, "GET", "/me", nil, 401},
	}
	for _, s := range steps {
		w := s.client.Do(s.method, s.path, s.body)
		if w.Code != s.want {
			t.Fatalf("%s: got %d %s, want %d", s.name, w.Code, w.Body, s.want)
		}
		if s.name == "sessions" {
			if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || len(all) != 2 {
				t.Errorf("%s: got %s and error %v, want two", s.name, w.Body, err)
			}
		}
	}
}
