package redis_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// tlsDoor accepts clients by TLS, or without TLS while it is broken.
type tlsDoor struct {
	addr   string
	roots  *x509.CertPool
	broken atomic.Bool
	mu     sync.Mutex
	open   []net.Conn
}

func newTLSDoor(t *testing.T, server string) *tlsDoor {
	t.Helper()
	https := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	t.Cleanup(https.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	d := &tlsDoor{addr: listener.Addr().String(), roots: x509.NewCertPool()}
	d.roots.AddCert(https.Certificate())
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			if d.broken.Load() {
				_, _ = io.WriteString(client, "-ERR in plain words\r\n")
				_ = client.Close()
				continue
			}
			client = tls.Server(client, &tls.Config{Certificates: https.TLS.Certificates, MinVersion: tls.VersionTLS13})
			back, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			d.mu.Lock()
			d.open = append(d.open, client, back)
			d.mu.Unlock()
			for from, to := range map[net.Conn]net.Conn{client: back, back: client} {
				go func() {
					_, _ = io.Copy(to, from)
					_, _ = from.Close(), to.Close()
				}()
			}
		}
	}()
	t.Cleanup(d.cut)
	return d
}

// cut ends all connections.
func (d *tlsDoor) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conn := range d.open {
		_ = conn.Close()
	}
	d.open = nil
}

// TestTLS connects clients and servers that disagree on TLS.
func TestTLS(t *testing.T) {
	t.Parallel()
	const password = "the-password"
	server := servertest.StartRedis(t, "requirepass "+password)
	door := newTLSDoor(t, server.Addrs[0])
	option := func(addr string, config *tls.Config) rueidis.ClientOption {
		return rueidis.ClientOption{InitAddress: []string{addr}, Password: password, ForceSingleClient: true, TLSConfig: config}
	}
	right := &tls.Config{RootCAs: door.roots, ServerName: "example.com", MinVersion: tls.VersionTLS13}
	for _, tt := range []struct {
		name   string
		option rueidis.ClientOption
	}{
		{"the server has none", option(server.Addrs[0], right)},
		{"unknown authority", option(door.addr, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "example.com", MinVersion: tls.VersionTLS13})},
		{"another name", option(door.addr, &tls.Config{RootCAs: door.roots, ServerName: "elsewhere.test", MinVersion: tls.VersionTLS13})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, err := rueidis.NewClient(tt.option)
			if err == nil {
				client.Close()
				t.Fatal("got no error")
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("error %q shows the password", err)
			}
		})
	}
	t.Run("lost while clients are connected", func(t *testing.T) {
		client, err := rueidis.NewClient(option(door.addr, right))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		store := redis.New(client, nil)
		id := mustAdd(t, store, "ada")
		handler, _ := serve(t, store, nil, hooks{})
		c := humasesstest.NewClient(handler)
		do(t, c, "POST", "/login?name=ada", 204)

		door.broken.Store(true)
		door.cut()
		for begin := time.Now(); time.Since(begin) < patience; rest() { // the first calls may only find that the connection has ended
			if _, err = store.Load(t.Context(), id); err != nil && strings.Contains(err.Error(), "tls") {
				break
			}
		}
		says(t, "Load", err, "tls")
		if errors.Is(err, stores.ErrNotFound) || err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("got error %q, want one about TLS, without the password", err)
		}
		do(t, c, "GET", "/me", 503)

		door.broken.Store(false)
		door.cut()
		for begin := time.Now(); ; rest() {
			if w := c.Do("GET", "/me", nil); w.Code == http.StatusOK {
				break
			} else if w.Code != http.StatusServiceUnavailable || time.Since(begin) > patience {
				t.Fatalf("got %d %s, want 503 and then 200", w.Code, w.Body)
			}
		}
	})
}

// TestConnectionStorm connects more clients than the server accepts, and breaks
// all connections in the middle of requests. No user is logged out.
func TestConnectionStorm(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t, "maxclients 20")
	store := open(t, dial(t, server))
	handler, _ := serve(t, store, nil, hooks{})
	clients := make([]*humasesstest.Client, 32)
	for i := range clients {
		clients[i] = humasesstest.NewClient(handler)
		do(t, clients[i], "POST", "/login?name=ada", 204)
	}

	t.Run("too many clients", func(t *testing.T) {
		var mu sync.Mutex
		var in []rueidis.Client
		together(60, func(int) {
			client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: server.Addrs, ForceSingleClient: true})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				in = append(in, client)
			}
		})
		if len(in) == 0 || len(in) >= 20 {
			t.Errorf("got %d clients in, want some and not all", len(in))
		}
		for _, c := range clients {
			do(t, c, "GET", "/me", 200) // earlier sessions are still live
		}
		for _, client := range in {
			client.Close()
		}
	})
	t.Run("all connections break", func(t *testing.T) {
		var unavailable, good atomic.Int64
		together(len(clients)+1, func(i int) {
			if i == len(clients) {
				for good.Load() < 50 {
					rest()
				}
				for range 5 {
					server.Command(t, server.Addrs[0], "CLIENT", "KILL", "TYPE", "normal")
					rest()
				}
				return
			}
			for range 100 {
				switch w := clients[i].Do("GET", "/me", nil); w.Code {
				case http.StatusOK:
					good.Add(1)
				case http.StatusServiceUnavailable:
					unavailable.Add(1)
				default:
					t.Errorf("got %d %s, want 200 or 503", w.Code, w.Body)
				}
			}
		})
		t.Logf("%d answers 200, %d answers 503", good.Load(), unavailable.Load())
		for _, c := range clients {
			for begin := time.Now(); c.Do("GET", "/me", nil).Code != http.StatusOK; rest() {
				if time.Since(begin) > patience {
					t.Fatal("no recovery")
				}
			}
		}
	})
}
