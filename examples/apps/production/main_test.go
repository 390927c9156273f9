package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
)

// program is a run of the program, with the lines of its log.
type program struct {
	t       *testing.T
	log     chan string // more than the lines of a test, because the program must not wait
	stop    context.CancelFunc
	stopped chan error
	cookie  string
	address string
}

// launch runs the program until it serves.
func launch(t *testing.T, settings map[string]string) *program {
	t.Helper()
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	p := &program{t: t, log: make(chan string, 1000), stop: stop, stopped: make(chan error, 1)}
	go func() {
		err := run(ctx, func(name string) string { return settings[name] }, in)
		_ = in.Close()
		p.stopped <- err
	}()
	go func() {
		defer close(p.log)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.log <- lines.Text()
		}
	}()
	t.Cleanup(stop)
	p.address = fmt.Sprint(p.line("serving")["listen"])
	return p
}

// line returns the next line of the log with a message.
func (p *program) line(message string) map[string]any {
	p.t.Helper()
	for text := range p.log {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			p.t.Fatalf("%q is not JSON: %v", text, err)
		}
		if line["msg"] == message {
			return line
		}
	}
	p.t.Fatalf("the log ends before %q; the program returned %v", message, <-p.stopped)
	return nil
}

// send returns the response, whose body the caller closes.
func (p *program) send(method, path, body string) *http.Response {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Cookie", p.cookie)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range res.Cookies() {
		p.cookie = c.Name + "=" + c.Value
	}
	return res
}

// status sends a request and closes its body.
func (p *program) status(method, path, body string, want int) {
	p.t.Helper()
	res := p.send(method, path, body)
	if err := res.Body.Close(); err != nil || res.StatusCode != want {
		p.t.Fatalf("%s %s: got %s, %v, want %d", method, path, res.Status, err, want)
	}
}

// TestShutdown stops the program while a stream is open. While it drains it serves, but
// is not ready. Then the stream ends by itself, and no process is left.
func TestShutdown(t *testing.T) {
	t.Parallel()
	p := launch(t, map[string]string{
		"DATABASE_URL": servertest.StartPostgres(t, "fsync=off").DSN + "&pool_max_conns=5",
		"LISTEN":       "localhost:0", "ORIGIN": "http://localhost:8888", "DRAIN": "2s",
	})
	p.status("POST", "/sign-up", `{"name":"ada","password":"analytical engine"}`, http.StatusNoContent)
	p.status("GET", "/readyz", "", http.StatusOK)
	stream := p.send("GET", "/session/events", "")
	defer func() { _ = stream.Body.Close() }()
	if got := stream.Header.Get("Content-Type"); stream.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("stream: got %s of %q", stream.Status, got)
	}
	p.stop()
	p.line("shutting down")
	p.status("GET", "/readyz", "", http.StatusServiceUnavailable)
	p.status("GET", "/notes", "", http.StatusOK)
	if rest, err := io.ReadAll(stream.Body); err != nil || !bytes.Contains(rest, []byte("event: ended")) {
		t.Errorf("stream: got %q and %v, want the event and a proper end", rest, err)
	}
	p.line("stopped")
	if err := <-p.stopped; err != nil {
		t.Errorf("got %v at the end, want nil", err)
	}
}

// TestMigrateModes migrates without serving, and refuses to serve without tables.
func TestMigrateModes(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"DATABASE_URL": servertest.StartPostgres(t, "fsync=off").DSN, "LISTEN": "localhost:0", "ORIGIN": "http://localhost:8888", "MIGRATE": "never"}
	start := func() error {
		return run(t.Context(), func(name string) string { return settings[name] }, io.Discard)
	}
	if err := start(); err == nil || !strings.Contains(err.Error(), "Migrate") {
		t.Errorf("without tables: got %v, want an error that names Migrate", err)
	}
	settings["MIGRATE"] = "only"
	for range 2 {
		if err := start(); err != nil {
			t.Fatal(err)
		}
	}
	settings["MIGRATE"] = "never"
	launch(t, settings).status("GET", "/readyz", "", http.StatusOK)
}

func TestConfigure(t *testing.T) {
	t.Parallel()
	const dsn = "postgres://app:hunter2@localhost/shop?pool_max_conns=7"
	tests := []struct {
		name  string
		set   map[string]string
		wants []string // parts of the error, none for no error
	}{
		{"the least", map[string]string{"DATABASE_URL": dsn}, nil},
		{"nothing", nil, []string{"DATABASE_URL", "docker run"}},
		{"not a connection string", map[string]string{"DATABASE_URL": "postgres://app:hunter2@localhost:x/shop"}, []string{"DATABASE_URL"}},
		{"all of it", map[string]string{
			"DATABASE_URL": dsn, "DATABASE_DIRECT_URL": "host=db", "LISTEN": ":80", "ORIGIN": "https://example.com", "LOG_LEVEL": "debug",
			"TRUSTED_PROXIES": "10.0.0.0/8, ::1/128", "DRAIN": "1s", "MIGRATE": "only",
		}, nil},
		{"several mistakes at once", map[string]string{
			"DATABASE_URL": dsn, "LISTEN": "80", "ORIGIN": "http://example.com", "LOG_LEVEL": "loud", "TRUSTED_PROXIES": "10", "DRAIN": "x",
			"MIGRATE": "yes", "DATABASE_DIRECT_URL": "postgres://app:hunter2@localhost:x",
		}, []string{"LISTEN", "ORIGIN", "https", "LOG_LEVEL", "TRUSTED_PROXIES", "DRAIN", "MIGRATE", "DATABASE_DIRECT_URL"}},
		{"an origin with a path", map[string]string{"DATABASE_URL": dsn, "ORIGIN": "https://example.com/x"}, []string{"ORIGIN"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := configure(func(name string) string { return tt.set[name] })
			if (err == nil) != (len(tt.wants) == 0) {
				t.Fatalf("got error %v, want one with %q", err, tt.wants)
			}
			for _, want := range tt.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got error %v, want one with %q", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v shows the password", err)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := configure(func(name string) string {
		return map[string]string{"DATABASE_URL": "postgres://app@db/shop?pool_max_conns=7", "ORIGIN": "https://example.com"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.pool.MaxConns != 7 || c.direct.RuntimeParams["pool_max_conns"] != "" || c.direct.Host != "db" {
		t.Errorf("got %d connections and direct parameters %v of %s, want 7 and none of db", c.pool.MaxConns, c.direct.RuntimeParams, c.direct.Host)
	}
	if c.drain.Seconds() != 5 || c.migrate != "start" || c.listen != "localhost:8888" {
		t.Errorf("got drain %v, migrate %s, listen %s", c.drain, c.migrate, c.listen)
	}
}
