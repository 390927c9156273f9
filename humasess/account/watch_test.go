package account_test

import (
	"bufio"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// stream is the answer of watch-session, line by line.
type stream struct {
	lines chan string // closed at the end
	end   context.CancelFunc
}

// watch opens the stream and checks its header.
func (r *rig) watch(t *testing.T, c *humasesstest.Client, edits ...func(*http.Request)) *stream {
	t.Helper()
	server := httptest.NewServer(r.mux)
	ctx, end := context.WithCancel(t.Context())
	t.Cleanup(func() {
		end()
		server.Close()
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/session/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(&http.Cookie{Name: cookieName, Value: token(c)})
	for _, edit := range edits {
		edit(request)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("got %d %s, want a stream", response.StatusCode, got)
	}
	if got := response.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: got %q, want no-store", got)
	}
	if got := response.Header.Get("X-Accel-Buffering"); got != "no" {
		t.Errorf("X-Accel-Buffering: got %q, want no", got)
	}
	s := &stream{make(chan string), end}
	go func() {
		defer close(s.lines)
		for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
			select {
			case s.lines <- scanner.Text():
			case <-ctx.Done():
			}
		}
		_ = response.Body.Close()
	}()
	return s
}

// rest returns the lines until the end of the stream.
func (s *stream) rest(t *testing.T) string {
	t.Helper()
	var lines []string
	for deadline := time.After(30 * time.Second); ; {
		select {
		case line, ok := <-s.lines:
			if !ok {
				return strings.Join(lines, "|")
			}
			lines = append(lines, line)
		case <-deadline:
			t.Fatalf("got %q and no end", lines)
		}
	}
}

func TestWatch(t *testing.T) {
	const ended = "event: ended|data: {}|"
	for _, tt := range []struct {
		name string
		end  func(t *testing.T, r *rig, watching, other *humasesstest.Client)
	}{
		{"R1 signed out", func(t *testing.T, r *rig, watching, _ *humasesstest.Client) {
			do(t, watching, "POST", "/sign-out", 204)
		}},
		{"R5 revoked by another session", func(t *testing.T, r *rig, watching, other *humasesstest.Client) {
			do(t, other, "DELETE", "/sessions/"+idOf(t, watching), 204)
		}},
		{"R3 one of the others", func(t *testing.T, r *rig, _, other *humasesstest.Client) {
			do(t, other, "POST", "/sessions/revoke-others", 200)
		}},
		{"R2 everywhere", func(t *testing.T, r *rig, _, other *humasesstest.Client) {
			do(t, other, "POST", "/sign-out-everywhere", 200)
		}},
		{"R2 by an administrator", func(t *testing.T, r *rig, _, _ *humasesstest.Client) {
			if _, err := r.sessions.RevokeIdentity(t.Context(), "ada"); err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, options{Watch: true})
			watching, other := r.signedIn("ada", "laptop"), r.signedIn("ada", "phone")
			s := r.watch(t, watching)
			tt.end(t, r, watching, other)
			if got := s.rest(t); got != ended {
				t.Errorf("got %q, want %q", got, ended)
			}
		})
	}
	t.Run("the end of another session is not the end of this one", func(t *testing.T) {
		r := newRig(t, options{Watch: true})
		watching, other := r.signedIn("ada", "laptop"), r.signedIn("ada", "phone")
		s := r.watch(t, watching)
		do(t, other, "POST", "/sign-out", 204)
		do(t, watching, "POST", "/sessions/revoke-others", 200) // with a new token
		select {
		case line := <-s.lines:
			t.Errorf("got %q, want nothing", line)
		default:
		}
		do(t, watching, "POST", "/sign-out", 204)
		if got := s.rest(t); got != ended {
			t.Errorf("got %q, want %q", got, ended)
		}
	})
	t.Run("without a session", func(t *testing.T) {
		do(t, newRig(t, options{Watch: true}).client(), "GET", "/session/events", 401)
	})
	t.Run("L7 watching extends nothing", func(t *testing.T) {
		r := newRig(t, options{Watch: true})
		c := r.signedIn("ada", "laptop")
		began := r.clock.Now()
		r.clock.Advance(20 * time.Minute)
		r.watch(t, c).end()
		if got := decoded[account.AccountCurrentSession[profile]](t, do(t, c, "GET", "/session", 200)); !got.ExpiresAt.Equal(began.Add(unused)) {
			t.Errorf("got expiry %v, want 33 minutes after %v", got.ExpiresAt, began)
		}
	})
	t.Run("O10 Watch adds a documented operation", func(t *testing.T) {
		if got := summaries(newRig(t, options{}).api)["watch-session"]; got != "" {
			t.Errorf("got %q, want none", got)
		}
		r := newRig(t, options{Watch: true})
		if got, want := summaries(r.api)["watch-session"], "GET /session/events [sessionCookie] 200 401 default"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		content := byID(r.api)["watch-session"].Responses["200"].Content
		if got := slices.Collect(maps.Keys(content)); !slices.Equal(got, []string{"text/event-stream"}) {
			t.Errorf("got content %q, want a stream", got)
		}
		humasesstest.CheckDocument(t, r.api, &humasesstest.CheckOptions{Sessions: []humasesstest.CheckSession{{
			Cookies: []*http.Cookie{humasesstest.Login(t, r.sessions, user{ID: "ada"})},
		}}})
	})
	t.Run("Edit may not make it a POST", func(t *testing.T) {
		r := bareRig(t)
		err := account.Register(r.api, r.sessions, &options{View: view, Watch: true, Edit: func(name account.Operation, op *huma.Operation) {
			if name == account.Watch {
				op.Method = http.MethodPost
			}
		}})
		if err == nil || !strings.Contains(err.Error(), "EventSource") {
			t.Errorf("got error %v, want one about EventSource", err)
		}
	})
}

// beats is a response that counts the comments of a stream.
type beats struct {
	http.ResponseWriter

	n int
}

func (b *beats) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), ": ") {
		b.n++
	}
	return b.ResponseWriter.Write(p)
}

func (b *beats) Flush() {}

func (b *beats) SetWriteDeadline(time.Time) error { return nil }

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, options{Watch: true})
		c := r.signedIn("ada", "laptop")
		ctx, cancel := context.WithCancel(t.Context())
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/session/events", nil)
		request.AddCookie(&http.Cookie{Name: cookieName, Value: token(c)})
		w := &beats{ResponseWriter: httptest.NewRecorder()}
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.mux.ServeHTTP(w, request)
		}()
		time.Sleep(4*25*time.Second + time.Second) // of the bubble's clock
		synctest.Wait()
		if w.n != 4 {
			t.Errorf("got %d comments in 101 seconds, want 4", w.n)
		}
		cancel()
		<-done
	})
}
