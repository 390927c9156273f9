package apps_test

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/e2e/browser"
)

// later is a handler that is set when the addresses of all origins are known.
type later struct{ handler atomic.Pointer[http.Handler] }

func (l *later) set(h http.Handler) { l.handler.Store(&h) }

func (l *later) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*l.handler.Load()).ServeHTTP(w, r)
}

// serve serves a handler that is set later, and returns its origin. The scheme is https for
// names below .test, unless the host begins with "http://".
func serve(t *testing.T, host string) (origin string, l *later) {
	t.Helper()
	l = &later{}
	name, plain := strings.CutPrefix(host, "http://")
	if !plain {
		return browser.Serve(t, name, l), l
	}
	server := httptest.NewServer(l)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + net.JoinHostPort(name, port), l
}

// buffer is a log that several requests write to.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// clock is the server's clock, which runs ahead of the real one.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }
