package humasess_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// patience bounds a wait for an event that is expected at once.
const patience = 30 * time.Second

func soon(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("%s does not come", what)
	}
}

// liveServer is a server on the network with a stream and a websocket of sorts.
type liveServer struct {
	*httptest.Server
	sessions *humasess.Manager[account]
	returned chan struct{} // by a handler that has waited
}

type tick struct {
	User string `json:"user"`
}

func newLiveServer(t *testing.T, edits ...func(*humasess.Options[account])) *liveServer {
	t.Helper()
	opts := accountOptions()
	for _, edit := range edits {
		edit(&opts)
	}
	sessions, err := humasess.New(memory.New(nil), &opts)
	if err != nil {
		t.Fatal(err)
	}
	s := &liveServer{sessions: sessions, returned: make(chan struct{}, 10)}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	type input struct{ humasess.Required[account] }
	sse.Register(api, huma.Operation{OperationID: "stream", Method: http.MethodGet, Path: "/stream"},
		map[string]any{"tick": tick{}},
		func(ctx context.Context, in *input, send sse.Sender) {
			defer func() { s.returned <- struct{}{} }()
			done := in.Session.Done()
			if err := send.Data(tick{User: in.Value().ID}); err != nil {
				t.Error(err)
			}
			select {
			case <-done:
			case <-ctx.Done():
			}
		})
	huma.Post(api, "/logout", func(_ context.Context, in *struct{ humasess.Session[account] }) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	mux.Handle("GET /socket", sessions.Handler(http.HandlerFunc(s.socket)))
	s.Server = httptest.NewTLSServer(mux)
	t.Cleanup(func() {
		if err := sessions.Close(context.Background()); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return s
}

// socket hands the connection to a goroutine and returns, as websocket
// libraries let their users do.
func (s *liveServer) socket(w http.ResponseWriter, r *http.Request) {
	session, ok := humasess.From[account](r.Context())
	if !ok || !session.Active() {
		http.Error(w, "sign in", http.StatusUnauthorized)
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	done := session.Done()
	go func() {
		defer func() { s.returned <- struct{}{} }()
		defer func() { _ = conn.Close() }()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: lines\r\nConnection: Upgrade\r\n\r\nhello\n")
		_ = rw.Flush()
		<-done
		_, _ = conn.Write([]byte("signed out\n"))
	}()
}

func (s *liveServer) request(t *testing.T, method, path string, cookie *http.Cookie) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(cookie)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// TestDoneEndsStreams signs out in one request while another one streams.
func TestDoneEndsStreams(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	other := s.request(t, http.MethodGet, "/stream", humasesstest.Login(t, s.sessions, account{ID: "eve"}))
	cookie := humasesstest.Login(t, s.sessions, account{ID: "ada"})
	resp := s.request(t, http.MethodGet, "/stream", cookie)
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("got %d and Content-Type %q", resp.StatusCode, got)
	}
	body := bufio.NewReader(resp.Body)
	for line := ""; !strings.Contains(line, `"ada"`); {
		var err error
		if line, err = body.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.request(t, http.MethodPost, "/logout", cookie).StatusCode; got != http.StatusNoContent {
		t.Fatalf("logout: got %d", got)
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Errorf("the stream breaks off: %v", err)
	}
	soon(t, s.returned, "the end of the handler")
	if _, err := other.Body.Read(make([]byte, 1)); err != nil {
		t.Errorf("another user's stream has ended: %v", err)
	}
	if got := s.request(t, http.MethodGet, "/stream", cookie).StatusCode; got != http.StatusUnauthorized {
		t.Errorf("a new stream: got %d, want 401", got)
	}
}

// TestDoneEndsHijackedConnections signs out while a connection is open whose
// handler has returned long ago.
func TestDoneEndsHijackedConnections(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	cookie := humasesstest.Login(t, s.sessions, account{ID: "ada"})
	conn := s.dial(t, cookie)
	// The goroutine of the handler serves nothing else on this connection, so
	// only time could tell that it has returned; the end must not come by it.
	if got := conn.line(t); got != "hello" {
		t.Fatalf("got %q", got)
	}
	if n, err := s.sessions.RevokeIdentity(t.Context(), "eve"); n != 0 || err != nil {
		t.Errorf("got %d revoked and error %v", n, err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if _, err := conn.reader.ReadByte(); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("the connection ends with its handler: %v", err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.sessions.RevokeIdentity(t.Context(), "ada"); n != 1 || err != nil {
		t.Errorf("got %d revoked and error %v", n, err)
	}
	if got := conn.line(t); got != "signed out" {
		t.Errorf("got %q", got)
	}
	soon(t, s.returned, "the end of the connection")
}

// Connections that are opened and closed again leave nothing behind, although
// the session goes on.
func TestDoneEndsWithTheConnection(t *testing.T) {
	t.Parallel()
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[account]{Identity: func(a account) string { return a.ID }})
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan (<-chan struct{}), 1)
	server := httptest.NewServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[account](r.Context())
		done := s.Done()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		select {
		case <-done:
			t.Error("closed by Hijack")
		default:
		}
		_ = conn.Close()
		waiting <- done
	})))
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(humasesstest.Login(t, sessions, account{ID: "ada"}))
	if resp, err := server.Client().Do(req); err == nil {
		_ = resp.Body.Close()
		t.Fatalf("got %d, want no answer", resp.StatusCode)
	}
	select {
	case done := <-waiting:
		soon(t, done, "the end of the connection")
	case <-time.After(patience):
		t.Fatal("the handler was not called")
	}
}

type lineConn struct {
	net.Conn
	reader *bufio.Reader
}

func (s *liveServer) dial(t *testing.T, cookie *http.Cookie) *lineConn {
	t.Helper()
	config := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.NextProtos = []string{"http/1.1"}
	conn, err := tls.Dial("tcp", s.Listener.Addr().String(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: example.com\r\nCookie: %s=%s\r\nUpgrade: lines\r\nConnection: Upgrade\r\n\r\n",
		cookie.Name, cookie.Value)
	if err != nil {
		t.Fatal(err)
	}
	c := &lineConn{conn, bufio.NewReader(conn)}
	resp, err := http.ReadResponse(c.reader, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: got %v and error %v", resp, err)
	}
	return c
}

func (c *lineConn) line(t *testing.T) string {
	t.Helper()
	line, err := c.reader.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}
