package humasess_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// innermost follows Unwrap, as http.ResponseController does.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = u.Unwrap()
	}
}

func TestHandlerUnwrap(t *testing.T) {
	r := newRig(t, accountOptions())
	get := func(signedIn bool, h func(w http.ResponseWriter, s *humasess.Session[account])) (*httptest.ResponseRecorder, *humasesstest.Client) {
		c := plain(r, func(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) { h(w, s) })
		if signedIn {
			c.SetCookie(humasesstest.Login(t, r.sessions, account{ID: "ada"}))
		}
		return c.Do(http.MethodGet, "/", nil), c
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Errorf("got %v, want nil", err)
		}
	}
	write := func(w http.ResponseWriter) { _, _ = io.WriteString(innermost(w), "raw") }
	t.Run("H1 H2 a handler that reads", func(t *testing.T) {
		w, _ := get(true, func(w http.ResponseWriter, _ *humasess.Session[account]) { write(w) })
		wantHeader(t, w, "Cache-Control", "no-store")
		wantHeader(t, w, "Vary", "Cookie")
	})
	t.Run("H1 H2 a request without a session", func(t *testing.T) {
		w, _ := get(false, func(w http.ResponseWriter, _ *humasess.Session[account]) { write(w) })
		wantHeader(t, w, "Cache-Control")
		wantHeader(t, w, "Vary", "Cookie")
	})
	t.Run("H1 H2 headers that the handler has set", func(t *testing.T) {
		for cache, want := range map[string]string{"private, max-age=60": "private, max-age=60", "public": "no-store"} {
			w, _ := get(true, func(w http.ResponseWriter, _ *humasess.Session[account]) {
				w.Header().Set("Cache-Control", cache)
				w.Header().Set("Vary", "Accept")
				write(w)
			})
			wantHeader(t, w, "Cache-Control", want)
			wantHeader(t, w, "Vary", "Accept", "Cookie")
		}
	})
	t.Run("X3 a sign-in", func(t *testing.T) {
		w, c := get(false, func(w http.ResponseWriter, s *humasess.Session[account]) {
			check(s.Start(account{ID: "ada"}))
			write(w)
		})
		wantHeader(t, w, "Cache-Control", "no-store")
		wantCookies(t, w, 1)
		r.wantActive(r.withToken(token(c)), true)
	})
	t.Run("X5 a sign-in that cannot be written", func(t *testing.T) {
		r.store.Fail(humasesstest.OpCreate, errors.New("disk on fire"))
		defer r.store.Fail(humasesstest.OpCreate, nil)
		w, _ := get(false, func(w http.ResponseWriter, s *humasess.Session[account]) {
			check(s.Start(account{ID: "ada"}))
			raw := innermost(w)
			raw.Header().Set("X-Handler", "handler")
			raw.WriteHeader(http.StatusOK)
			write(w)
		})
		wantUnavailable(t, w)
		if strings.Contains(w.Body.String(), "raw") {
			t.Errorf("body: got %q, want nothing of the handler", w.Body)
		}
	})
	t.Run("X3 a sign-in that comes too late", func(t *testing.T) {
		w, _ := get(false, func(w http.ResponseWriter, s *humasess.Session[account]) {
			raw := innermost(w)
			check(s.Start(account{ID: "grace"}))
			_, _ = io.WriteString(raw, "raw")
		})
		wantCookies(t, w, 0)
		if all, err := r.sessions.List(t.Context(), "grace"); err != nil || len(all) != 0 {
			t.Errorf("got %d sessions, %v, want none", len(all), err)
		}
		wantText(t, "log", r.log.String(), "level=ERROR", "before Unwrap")
	})
	t.Run("H1 H2 Unwrap, and a response by us", func(t *testing.T) {
		w, _ := get(true, func(w http.ResponseWriter, _ *humasess.Session[account]) {
			innermost(w)
			innermost(w)
			w.Header().Set("Cache-Control", "public")
			w.Header().Set("Vary", "Accept")
			w.WriteHeader(http.StatusNoContent)
		})
		wantHeader(t, w, "Cache-Control", "no-store")
		wantHeader(t, w, "Vary", "Accept", "Cookie")
	})
	t.Run("X6 deadlines do not commit", func(t *testing.T) {
		server := httptest.NewServer(r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			s, _ := humasess.From[account](req.Context())
			check(s.Start(account{ID: "ada"}))
			c := http.NewResponseController(w)
			check(c.SetReadDeadline(time.Now().Add(time.Minute)))
			check(c.SetWriteDeadline(time.Now().Add(time.Minute)))
			check(c.EnableFullDuplex())
			check(s.Update(func(a *account) error { a.N = 7; return nil }))
		})))
		defer server.Close()
		res, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if len(res.Cookies()) != 1 {
			t.Fatalf("cookies: got %v, want one", res.Cookies())
		}
		if got, _ := r.data(r.withToken(res.Cookies()[0].Value)); got.N != 7 {
			t.Errorf("got N %d, want 7", got.N)
		}
	})
}
