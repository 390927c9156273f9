package humasess_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// rawRig is a rig with an operation of which huma leaves the answer to the
// handler.
type rawRig struct {
	*rig[account]
	handle func(ctx huma.Context, s *humasess.Session[account])
}

func newRawRig(t *testing.T, opts humasess.Options[account]) *rawRig {
	t.Helper()
	r := &rawRig{rig: newRig(t, opts)}
	huma.Register(r.api, huma.Operation{OperationID: "raw", Method: http.MethodGet, Path: "/raw"},
		func(_ context.Context, in *struct{ humasess.Session[account] }) (*huma.StreamResponse, error) {
			return &huma.StreamResponse{Body: func(ctx huma.Context) { r.handle(ctx, &in.Session) }}, nil
		})
	return r
}

func (r *rawRig) get(c *humasesstest.Client, handle func(ctx huma.Context, s *humasess.Session[account])) *httptest.ResponseRecorder {
	r.handle = handle
	return c.Do(http.MethodGet, "/raw", nil)
}

// write answers with the router's own writer.
func write(ctx huma.Context) {
	_, w := humago.Unwrap(ctx)
	_, _ = io.WriteString(w, "raw")
}

func TestRawWriter(t *testing.T) {
	r := newRawRig(t, accountOptions())
	check := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("got %v, want nil", err)
		}
	}
	wantPrivate := func(t *testing.T, w *httptest.ResponseRecorder) {
		t.Helper()
		wantStatus(t, w, http.StatusOK)
		wantHeader(t, w, "Cache-Control", "no-store")
		wantHeader(t, w, "Vary", "Cookie")
		if w.Body.String() != "raw" {
			t.Errorf("body: got %q, want raw", w.Body)
		}
	}
	t.Run("H1 H2 a handler that reads", func(t *testing.T) {
		c := r.signedIn(account{ID: "ada"})
		r.store.Reset()
		wantPrivate(t, r.get(c, func(ctx huma.Context, _ *humasess.Session[account]) { write(ctx) }))
		if got := r.store.Total(); got != 1 {
			t.Errorf("store calls: got %d, want the load", got)
		}
	})
	t.Run("H1 H2 a request without a session", func(t *testing.T) {
		w := r.get(r.client(), func(ctx huma.Context, _ *humasess.Session[account]) { write(ctx) })
		wantHeader(t, w, "Cache-Control")
		wantHeader(t, w, "Vary", "Cookie")
	})
	t.Run("X3 a sign-in", func(t *testing.T) {
		c := r.client()
		w := r.get(c, func(ctx huma.Context, s *humasess.Session[account]) {
			check(t, s.Start(account{ID: "ada"}))
			write(ctx)
		})
		wantPrivate(t, w)
		wantCookies(t, w, 1)
		r.in(t)
		r.wantActive(c, true)
	})
	t.Run("X3 a sign-in that was committed before", func(t *testing.T) {
		c := r.client()
		w := r.get(c, func(ctx huma.Context, s *humasess.Session[account]) {
			check(t, s.Start(account{ID: "ada"}))
			check(t, s.Commit(t.Context()))
			write(ctx)
		})
		wantPrivate(t, w)
		wantCookies(t, w, 1)
		r.in(t)
		r.wantActive(c, true)
	})
	t.Run("X3 signing out", func(t *testing.T) {
		c := r.signedIn(account{ID: "ada"})
		old := c.Clone()
		w := r.get(c, func(ctx huma.Context, s *humasess.Session[account]) {
			check(t, s.Destroy())
			write(ctx)
		})
		wantPrivate(t, w)
		if got := setCookies(w); len(got) != 1 || !strings.Contains(got[0], "Max-Age=0") {
			t.Errorf("got cookies %q, want an expired one", got)
		}
		r.in(t)
		r.wantActive(old, false)
	})
	t.Run("X3 headers that the handler has set before", func(t *testing.T) {
		w := r.get(r.client(), func(ctx huma.Context, s *humasess.Session[account]) {
			ctx.SetHeader("X-Before", "held")
			check(t, s.Start(account{ID: "ada"}))
			write(ctx)
		})
		wantHeader(t, w, "X-Before", "held")
	})
	t.Run("X3 changes after that are an error", func(t *testing.T) {
		r.get(r.client(), func(ctx huma.Context, s *humasess.Session[account]) {
			check(t, s.Start(account{ID: "ada"}))
			write(ctx)
			if err := s.Update(func(*account) error { return nil }); !errors.Is(err, humasess.ErrCommitted) {
				t.Errorf("got %v, want %v", err, humasess.ErrCommitted)
			}
		})
	})
	t.Run("X5 a sign-in that cannot be written", func(t *testing.T) {
		r.store.Fail(humasesstest.OpCreate, errors.New("disk on fire"))
		defer r.store.Fail(humasesstest.OpCreate, nil)
		w := r.get(r.client(), func(ctx huma.Context, s *humasess.Session[account]) {
			check(t, s.Start(account{ID: "ada"}))
			write(ctx)
		})
		wantStatus(t, w, http.StatusServiceUnavailable)
		wantCookies(t, w, 0)
	})
}

func TestRawWriterTakenTooEarly(t *testing.T) {
	r := newRawRig(t, accountOptions())
	early := func(c *humasesstest.Client, change func(s *humasess.Session[account]) error) *httptest.ResponseRecorder {
		return r.get(c, func(ctx huma.Context, s *humasess.Session[account]) {
			_, w := humago.Unwrap(ctx)
			if err := change(s); err != nil {
				t.Errorf("got %v, want nil", err)
			}
			_, _ = io.WriteString(w, "raw")
		})
	}
	t.Run("X3 a session whose cookie cannot be sent is not created", func(t *testing.T) {
		for _, commit := range []bool{false, true} {
			r.store.Reset()
			w := early(r.client(), func(s *humasess.Session[account]) error {
				err := s.Start(account{ID: "grace"})
				if commit {
					err = errors.Join(err, s.Commit(t.Context()))
				}
				return err
			})
			wantStatus(t, w, http.StatusOK)
			wantCookies(t, w, 0)
			if all, err := r.sessions.List(t.Context(), "grace"); err != nil || len(all) != 0 {
				t.Errorf("committed before: %v: got %d sessions, %v, want none", commit, len(all), err)
			}
			if log := r.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "operation=raw") || !strings.Contains(log, "before Unwrap") {
				t.Errorf("log: got %q, want an error that names the operation and the remedy", log)
			}
		}
	})
	t.Run("X3 a token that cannot be sent does not replace another", func(t *testing.T) {
		c := r.signedIn(account{ID: "ada"})
		wantCookies(t, early(c, func(s *humasess.Session[account]) error { return s.Renew() }), 0)
		r.clock.Advance(time.Minute)
		r.in(t)
		r.wantActive(c, true)
	})
	t.Run("X3 a change that needs no cookie is written", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "ada"})
		early(c, func(s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.Note = "kept"; return nil })
		})
		if got, _ := r.data(c); got.Note != "kept" {
			t.Errorf("note: got %q, want kept", got.Note)
		}
		old := c.Clone()
		early(c, func(s *humasess.Session[account]) error { return s.Destroy() })
		r.wantActive(old, false)
	})
}

// A change whose cookie is only to be issued in the present scope is written. The
// client's cookie still opens the session, and the next write issues it.
func TestRawWriterTakenTooEarlyWithFormerScope(t *testing.T) {
	opts := accountOptions()
	opts.Cookie.Former = []humasess.CookieScope{{Partitioned: true}}
	r := newRawRig(t, opts)
	c := r.signedIn(account{ID: "ada"})
	early := func(change func(s *humasess.Session[account]) error) {
		r.get(c, func(ctx huma.Context, s *humasess.Session[account]) {
			_, w := humago.Unwrap(ctx)
			if err := change(s); err != nil {
				t.Errorf("got %v, want nil", err)
			}
			_, _ = io.WriteString(w, "raw")
		})
	}
	early(func(s *humasess.Session[account]) error {
		return s.Update(func(a *account) error { a.Note = "kept"; return nil })
	})
	if got, _ := r.data(c); got.Note != "kept" {
		t.Errorf("X3 note: got %q, want kept", got.Note)
	}
	before := c.Clone()
	early(func(s *humasess.Session[account]) error { return s.Renew() })
	r.wantActive(before, true)
	if log := r.log.String(); !strings.Contains(log, "before Unwrap") {
		t.Errorf("log: got %q, want that the renewal was dropped", log)
	}
	wantSet(t, r.requiredCall(c, increment), cookieName+"=", cookieName)
}

// TestReadingTheRawRequest unwraps a context, and leaves the answer to huma.
func TestReadingTheRawRequest(t *testing.T) {
	opts := accountOptions()
	opts.RotateEvery = time.Minute
	r := newRawRig(t, opts)
	read := func(ctx context.Context) { humago.Unwrap(ctx.(huma.Context)) }
	t.Run("H1 H2 no header twice", func(t *testing.T) {
		w := r.call(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
			read(ctx)
			read(ctx)
			return s.Start(account{ID: "ada"})
		})
		wantStatus(t, w, http.StatusNoContent)
		wantCookies(t, w, 1)
		wantHeader(t, w, "Vary", "Cookie")
		wantHeader(t, w, "Cache-Control", "no-store")
	})
	t.Run("H2 the handler's own Vary", func(t *testing.T) {
		w := r.call(r.client(), func(ctx context.Context, _ *humasess.Session[account]) error {
			read(ctx)
			ctx.(huma.Context).SetHeader("Vary", "Accept")
			return nil
		})
		if got := w.Header()["Vary"]; !slices.Equal(got, []string{"Accept", "Cookie"}) {
			t.Errorf("Vary: got %q, want Accept and Cookie", got)
		}
	})
	t.Run("H1 the handler's own Cache-Control", func(t *testing.T) {
		w := r.call(r.signedIn(account{ID: "ada"}), func(ctx context.Context, _ *humasess.Session[account]) error {
			read(ctx)
			ctx.(huma.Context).SetHeader("Cache-Control", "private, max-age=60")
			return nil
		})
		wantHeader(t, w, "Cache-Control", "private, max-age=60")
	})
	t.Run("X3 an error takes the sign-in back", func(t *testing.T) {
		w := r.call(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
			read(ctx)
			return errors.Join(s.Start(account{ID: "ada"}), huma.Error400BadRequest("no"))
		})
		wantCookies(t, w, 0)
	})
	t.Run("T9 a rotation that is due does not commit", func(t *testing.T) {
		c := r.signedIn(account{ID: "ada"})
		r.clock.Advance(2 * time.Minute)
		w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			read(ctx)
			return s.Update(func(a *account) error { a.N++; return nil })
		})
		wantStatus(t, w, http.StatusNoContent)
		wantCookies(t, w, 1)
	})
	t.Run("H1 cache fields of outer middleware", func(t *testing.T) {
		w := httptest.NewRecorder()
		w.Header().Set("CDN-Cache-Control", "max-age=600")
		w.Header().Set("Cache-Control", "public")
		r.handle = func(ctx huma.Context, _ *humasess.Session[account]) { write(ctx) }
		req := httptest.NewRequest(http.MethodGet, "/raw", nil)
		req.AddCookie(humasesstest.Login(t, r.sessions, account{ID: "ada"}))
		r.mux.ServeHTTP(w, req)
		wantHeader(t, w, "CDN-Cache-Control")
		wantHeader(t, w, "Cache-Control", "no-store")
	})
}

type unwrapping struct{}

func (unwrapping) Check(ctx huma.Context, _ account) error {
	if req, _ := humago.Unwrap(ctx); req.Header.Get("X-Reject") != "" {
		return errors.New("rejected")
	}
	return nil
}

// TestGuardsMayUnwrap has a guard asked again while the session is written.
func TestGuardsMayUnwrap(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "ada"})
	guarded[unwrapping](r.api, http.MethodPost, "/guarded", func(ctx context.Context, s *humasess.Session[account]) error {
		r.must(c.Clone(), increment)
		return increment(ctx, s)
	})
	w := c.Do(http.MethodPost, "/guarded", nil)
	wantStatus(t, w, http.StatusNoContent)
	wantHeader(t, w, "Vary", "Cookie")
	if got, _ := r.data(c); got.N != 2 {
		t.Errorf("got %d, want 2", got.N)
	}
}
