package humasess_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// plain returns a client of a plain handler behind the rig's sessions.
func plain(r *rig[account], h func(w http.ResponseWriter, req *http.Request, s *humasess.Session[account])) *humasesstest.Client {
	return humasesstest.NewClient(r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, ok := humasess.From[account](req.Context())
		if !ok {
			http.Error(w, "no session in the context", http.StatusTeapot)
			return
		}
		h(w, req, s)
	})))
}

func TestHandlerStartsReadsAndEnds(t *testing.T) {
	r := newRig(t, accountOptions())
	c := plain(r, func(w http.ResponseWriter, req *http.Request, s *humasess.Session[account]) {
		switch req.URL.Path {
		case "/callback":
			if err := s.Start(account{ID: "ada"}); err != nil {
				t.Errorf("Start: %v", err)
			}
			http.Redirect(w, req, "/", http.StatusSeeOther)
		case "/logout":
			if err := s.Destroy(); err != nil {
				t.Errorf("Destroy: %v", err)
			}
		default:
			a, _ := s.Get()
			_, _ = io.WriteString(w, "hello "+a.ID)
		}
	})
	if got := c.Do("GET", "/", nil); got.Body.String() != "hello " || len(got.Result().Cookies()) != 0 {
		t.Errorf("anonymous page: got %q and cookies %v, want no session", got.Body, got.Result().Cookies())
	}
	got := c.Do("GET", "/callback", nil)
	if got.Code != http.StatusSeeOther || len(got.Header()["Set-Cookie"]) != 1 || got.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("callback: got %d %v, want 303 with one cookie and no-store", got.Code, got.Header())
	}
	old := c.Clone()
	if got := c.Do("GET", "/", nil); got.Body.String() != "hello ada" || got.Header().Get("Vary") != "Cookie" {
		t.Errorf("page: got %q %v, want hello ada and Vary", got.Body, got.Header())
	}
	if got := c.Do("POST", "/logout", nil); got.Code != http.StatusOK || c.Cookie(cookieName) != "" {
		t.Errorf("logout: got %d, cookie %q, want 200 and none", got.Code, c.Cookie(cookieName))
	}
	if got := old.Do("GET", "/", nil); got.Body.String() != "hello " {
		t.Errorf("old cookie: got %q, want no session", got.Body)
	}
}

func TestHandlerRefusesCrossOriginRequests(t *testing.T) {
	r := newRig(t, accountOptions())
	called := false
	c := plain(r, func(http.ResponseWriter, *http.Request, *humasess.Session[account]) { called = true })
	for _, tt := range []struct {
		name   string
		method string
		header http.Header
		want   int
	}{
		{"F1 cross-site post", "POST", http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		{"cross-site get", "GET", http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusOK},
		{"F11 foreign upgrade", "GET", http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Origin": {"https://evil.example"}}, http.StatusForbidden},
		{"own upgrade", "GET", http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Origin": {"https://example.com"}}, http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			called = false
			r.store.Reset()
			got := c.Do(tt.method, "/", nil, func(req *http.Request) {
				maps.Copy(req.Header, tt.header)
			})
			if got.Code != tt.want || called != (tt.want == http.StatusOK) || r.store.Total() != 0 {
				t.Errorf("got %d, called %v, %d store calls, want %d, %v, 0", got.Code, called, r.store.Total(), tt.want, tt.want == http.StatusOK)
			}
		})
	}
}

func TestHandlerFailedCommitLeavesNothingOfTheHandler(t *testing.T) {
	r := newRig(t, accountOptions())
	r.store.Fail(humasesstest.OpCreate, errors.New("disk on fire"))
	c := plain(r, func(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) {
		w.Header().Set("X-Secret", "of the handler")
		if err := s.Start(account{ID: "ada"}); err != nil {
			t.Errorf("Start: %v", err)
		}
		_, _ = io.WriteString(w, "welcome")
	})
	got := c.Do("GET", "/", nil)
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("X-Secret") != "" || got.Header().Get("Set-Cookie") != "" ||
		strings.Contains(got.Body.String(), "welcome") || got.Header().Get("Retry-After") == "" {
		t.Errorf("got %d %v %q, want a 503 with nothing of the handler's", got.Code, got.Header(), got.Body)
	}
}

func TestHandlerMergesHeaders(t *testing.T) {
	r := newRig(t, accountOptions())
	h := r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Vary", "Accept, Cookie")
		w.Header().Set("Cache-Control", "private, max-age=5")
		w.WriteHeader(http.StatusNoContent)
	}))
	c := humasesstest.NewClient(h)
	c.SetCookie(humasesstest.Login(t, r.sessions, account{ID: "ada"}))
	got := c.Do("GET", "/", nil).Header()
	if len(got["Vary"]) != 1 || got.Get("Vary") != "Accept, Cookie" || got.Get("Cache-Control") != "private, max-age=5" {
		t.Errorf("got %v, want the handler's Vary and Cache-Control as they are", got)
	}
}

func TestHandlerAroundAnAPI(t *testing.T) {
	r := newRig(t, accountOptions())
	cookie := humasesstest.Login(t, r.sessions, account{ID: "ada"})
	outer := r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := humasess.From[account](req.Context())
		if err := s.Update(func(a *account) error { a.N++; return nil }); err != nil {
			t.Errorf("outer Update: %v", err)
		}
		r.mux.ServeHTTP(w, req)
	}))
	c := humasesstest.NewClient(outer)
	c.SetCookie(cookie)
	r.store.Reset()
	var seen account
	got := r.requiredCall(c, func(_ context.Context, s *humasess.Session[account]) error {
		seen, _ = s.Get()
		return s.Update(func(a *account) error { a.N += 10; return nil })
	})
	if got.Code != http.StatusNoContent || seen.N != 1 {
		t.Fatalf("got %d and N=%d inside, want 204 and 1", got.Code, seen.N)
	}
	calls := r.store.Calls()
	if calls[humasesstest.OpLoad] != 1 || calls[humasesstest.OpUpdate] != 1 || r.store.Total() != 2 {
		t.Errorf("got calls %v, want one load and one commit", calls)
	}
	if got.Header().Get("Vary") != "Cookie" || len(got.Header()["Vary"]) != 1 {
		t.Errorf("got Vary %q, want Cookie once", got.Header()["Vary"])
	}
	infos, err := r.sessions.List(context.Background(), "ada")
	if err != nil || len(infos) != 1 || infos[0].Data.N != 11 {
		t.Errorf("got %+v, %v, want N=11", infos, err)
	}
	login := r.loginCall(c, func(_ context.Context, s *humasess.Session[account]) error { return s.Start(account{ID: "grace"}) })
	if login.Code != http.StatusNoContent || len(login.Header()["Set-Cookie"]) != 1 {
		t.Errorf("login inside: got %d with cookies %q, want 204 with one", login.Code, login.Header()["Set-Cookie"])
	}
	r.store.Fail(humasesstest.OpUpdate, errors.New("down"))
	if got := r.requiredCall(c, func(context.Context, *humasess.Session[account]) error { return nil }); got.Code != http.StatusServiceUnavailable {
		t.Errorf("failing commit inside: got %d %q, want 503", got.Code, got.Body)
	}
}

func TestHandlerPanicCommitsNothing(t *testing.T) {
	r := newRig(t, accountOptions())
	c := plain(r, func(_ http.ResponseWriter, req *http.Request, s *humasess.Session[account]) {
		if err := s.Start(account{ID: "ada"}); err != nil {
			t.Errorf("Start: %v", err)
		}
		if err := s.Commit(req.Context()); err != nil {
			t.Errorf("Commit: %v", err)
		}
		panic("boom")
	})
	func() {
		defer func() {
			if p := recover(); p != "boom" {
				t.Errorf("got panic %v, want the handler's", p)
			}
		}()
		c.Do("GET", "/", nil)
	}()
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || len(infos) != 0 {
		t.Errorf("got sessions %v, %v, want none", infos, err)
	}
}

func TestHandlerOnARealConnection(t *testing.T) {
	r := newRig(t, accountOptions())
	cookie := humasesstest.Login(t, r.sessions, account{ID: "ada"})
	release := make(chan struct{})
	mux := http.NewServeMux()
	handle := func(pattern string, h func(http.ResponseWriter, *humasess.Session[account])) {
		mux.Handle(pattern, r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			s, _ := humasess.From[account](req.Context())
			h(w, s)
		})))
	}
	handle("/flush", func(w http.ResponseWriter, s *humasess.Session[account]) {
		if err := s.Update(func(a *account) error { a.Note = "flushed"; return nil }); err != nil {
			t.Errorf("Update: %v", err)
		}
		_, _ = io.WriteString(w, "first")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("Flush: %v", err)
		}
		if err := s.Update(func(*account) error { return nil }); !errors.Is(err, humasess.ErrCommitted) {
			t.Errorf("X6 Update after the first byte: got %v, want ErrCommitted", err)
		}
		<-release
	})
	handle("/upgrade", func(w http.ResponseWriter, s *humasess.Session[account]) {
		if err := s.Update(func(a *account) error { a.Note = "upgraded"; return nil }); err != nil {
			t.Errorf("Update: %v", err)
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("Hijack: %v", err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nready\n")
		_ = rw.Flush()
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	t.Run("flush before the handler returns", func(t *testing.T) {
		req, _ := http.NewRequest(http.MethodGet, server.URL+"/flush", nil)
		req.AddCookie(cookie)
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		first := make([]byte, 5)
		if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "first" {
			t.Errorf("got %q, %v, want first while the handler runs", first, err)
		}
		if got := note(t, r); got != "flushed" {
			t.Errorf("X4 stored note while the handler runs: got %q, want flushed", got)
		}
		close(release)
	})
	t.Run("hijack", func(t *testing.T) {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET /upgrade HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: echo\r\nCookie: "+cookie.Name+"="+cookie.Value+"\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("got %v, %v, want 101", res, err)
		}
		if got := note(t, r); got != "upgraded" {
			t.Errorf("stored note: got %q, want upgraded", got)
		}
	})
}

func note(t *testing.T, r *rig[account]) string {
	t.Helper()
	infos, err := r.sessions.List(context.Background(), "ada")
	if err != nil || len(infos) != 1 {
		t.Fatalf("List: got %v, %v, want one session", infos, err)
	}
	return infos[0].Data.Note
}

func TestHandlerStoreDown(t *testing.T) {
	r := newRig(t, accountOptions())
	c := plain(r, func(http.ResponseWriter, *http.Request, *humasess.Session[account]) { t.Error("handler ran") })
	c.SetCookie(humasesstest.Login(t, r.sessions, account{ID: "ada"}))
	r.store.Fail(humasesstest.OpLoad, errors.New("down"))
	got := c.Do("GET", "/", nil)
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("Set-Cookie") != "" || got.Header().Get("Retry-After") == "" {
		t.Errorf("got %d %v, want 503 that leaves the cookie alone", got.Code, got.Header())
	}
	r.store.Fail(humasesstest.OpLoad, stores.ErrNotFound)
	ended := plain(r, func(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) {
		if s.Active() {
			t.Error("got an active session, want none")
		}
	})
	ended.Do("GET", "/", nil)
}
