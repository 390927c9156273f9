package docs_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	_ "modernc.org/sqlite"
)

// docs: begin input
type TicksInput struct{ humasess.Required[User] }

type Tick struct{ Time time.Time }

// docs: end

// serve greets the client, and waits for the end of the connection.
func serve(conn net.Conn, rw *bufio.ReadWriter) {
	_, _ = conn.Write([]byte("hello\n"))
	_, _ = io.Copy(io.Discard, rw)
}

func registerStreams(mux *http.ServeMux, api huma.API, sessions *humasess.Manager[User]) {
	// docs: begin ticks
	sse.Register(api, huma.Operation{OperationID: "ticks", Method: http.MethodGet, Path: "/ticks"},
		map[string]any{"tick": Tick{}},
		func(ctx context.Context, in *TicksInput, send sse.Sender) {
			done, ticker := in.Session.Done(), time.NewTicker(time.Second)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return // the client has gone
				case <-done:
					return // signed out, here or elsewhere
				case now := <-ticker.C:
					if send.Data(Tick{Time: now}) != nil {
						return
					}
				}
			}
		})
	// docs: end
	// docs: begin socket
	mux.Handle("GET /socket", sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[User](r.Context())
		if !s.Active() {
			http.Error(w, "sign in", http.StatusUnauthorized)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack() // or the upgrade of your websocket library
		if err != nil {
			http.Error(w, "no websockets here", http.StatusInternalServerError)
			return
		}
		closed := make(chan struct{})
		go func() {
			select {
			case <-s.Done():
				_ = conn.Close() // signed out
			case <-closed:
			}
		}()
		defer close(closed)
		serve(conn, rw)
	})))
	// docs: end
}

// TestStreams runs the blocks of docs/streams.md: a sign-out ends the streams of its session,
// and a shutdown ends those of all.
func TestStreams(t *testing.T) {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("API", "1.0.0"))
	sessions, err := newSessions(api)
	if err != nil {
		t.Fatal(err)
	}
	registerStreams(mux, api, sessions)
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	ada, grace := User{ID: "ada"}, User{ID: "grace"}
	open := map[string]io.Reader{}
	for name, user := range map[string]User{"ada": ada, "grace": grace} {
		open["the events of "+name] = get(t, site, "/ticks", humasesstest.Login(t, sessions, user))
		open["the socket of "+name] = get(t, site, "/socket", humasesstest.Login(t, sessions, user))
	}
	if _, err := sessions.RevokeIdentity(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	ended(t, open, "the events of ada")
	ended(t, open, "the socket of ada")

	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	server := site.Config
	ctx, stop := context.WithCancel(t.Context())
	// docs: begin shutdown
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done() // of signal.NotifyContext
		limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- errors.Join(sessions.Close(limit), server.Shutdown(limit), db.Close())
	}()
	// docs: end
	stop()
	ended(t, open, "the events of grace")
	ended(t, open, "the socket of grace")
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// get sends a request, and returns the connection after the first line of the answer's body
// or of the hijacked connection.
func get(t *testing.T, site *httptest.Server, path string, cookie *http.Cookie) io.Reader {
	t.Helper()
	conn, err := net.Dial("tcp", site.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: api\r\nCookie: "+cookie.Name+"="+cookie.Value+"\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if line == "hello\n" || line == "event: tick\n" || line[:min(5, len(line))] == "data:" {
			return r
		}
	}
}

func ended(t *testing.T, open map[string]io.Reader, name string) {
	t.Helper()
	if _, err := io.Copy(io.Discard, open[name]); isTimeout(err) {
		t.Errorf("%s: got an open connection, want its end", name)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
