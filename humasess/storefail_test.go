package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

var errDown = errors.New("dial db-7.internal: connection refused")

// wantUnavailable checks a 503 that has nothing of the handler's.
func wantUnavailable(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	wantStatus(t, w, http.StatusServiceUnavailable)
	wantHeader(t, w, "Retry-After", "5")
	wantHeader(t, w, "Set-Cookie")
	for name, values := range w.Header() {
		for _, v := range values {
			if strings.Contains(name+v, "andler") {
				t.Errorf("header of the handler: got %s: %s", name, v)
			}
		}
	}
	got := problemOf(t, w)
	want := problem{Type: "urn:humasess:problem:unavailable", Title: "Service Unavailable", Status: 503, Detail: "sessions are unavailable at the moment"}
	if got.Type != want.Type || got.Title != want.Title || got.Status != want.Status || got.Detail != want.Detail || len(got.Errors) > 0 {
		t.Errorf("problem: got %+v, want %+v", got, want)
	}
	if strings.Contains(w.Body.String(), "db-7") || strings.Contains(w.Body.String(), "andler") {
		t.Errorf("body: got %s, want nothing of the store's or the handler's", w.Body)
	}
}

// richRig has an operation whose response has all that a handler can give.
func richRig(t *testing.T) (*rig[account], func(string, *humasesstest.Client, handler[account]) *httptest.ResponseRecorder) {
	r := newRig(t, accountOptions())
	do := nothing[account]
	huma.Get(r.api, "/rich", func(ctx context.Context, in *sessionInput) (*struct {
		Own    string   `header:"X-Handler"`
		Cookie []string `header:"Set-Cookie"`
		Body   struct {
			Text string `json:"text"`
		}
	}, error) {
		if err := do(ctx, &in.Session); err != nil {
			return nil, err
		}
		out := &struct {
			Own    string   `header:"X-Handler"`
			Cookie []string `header:"Set-Cookie"`
			Body   struct {
				Text string `json:"text"`
			}
		}{Own: "handler", Cookie: []string{"handler=1", "handler2=2"}}
		out.Body.Text = "of the handler"
		return out, nil
	})
	huma.Get(r.api, "/rich-stream", func(ctx context.Context, in *sessionInput) (*huma.StreamResponse, error) {
		if err := do(ctx, &in.Session); err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			hctx.SetHeader("X-Handler", "1")
			hctx.AppendHeader("X-Handler", "2")
			hctx.SetStatus(http.StatusAccepted)
			_, _ = hctx.BodyWriter().Write([]byte("of the handler"))
			hctx.AppendHeader("X-Handler", "late")
		}}, nil
	})
	return r, func(path string, c *humasesstest.Client, f handler[account]) *httptest.ResponseRecorder {
		do = f
		return c.Do(http.MethodGet, path, nil)
	}
}

func TestStoreFailsOnLoad(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	before := token(c)
	ran := false
	for _, tt := range []struct {
		name string
		send func(*humasesstest.Client, handler[account], ...func(*http.Request)) *httptest.ResponseRecorder
	}{{"Session", r.call}, {"Required", r.requiredCall}, {"Login", r.loginCall}} {
		t.Run("503 and users stay signed in: "+tt.name, func(t *testing.T) {
			r.store.Fail(humasesstest.OpLoad, errDown)
			r.events.take()
			w := tt.send(c, func(context.Context, *humasess.Session[account]) error { ran = true; return nil })
			wantUnavailable(t, w)
			wantHeader(t, w, "Vary", "Cookie")
			wantKinds(t, r.events, events.StoreFailed)
			if ran {
				t.Error("the handler ran without knowing whether there is a session")
			}
			r.store.Fail(humasesstest.OpLoad, nil)
			if token(c) != before {
				t.Error("the cookie was touched")
			}
			r.wantActive(c, true)
		})
	}
	t.Run("not without a cookie", func(t *testing.T) {
		r.store.Fail(humasesstest.OpLoad, errDown)
		defer r.store.Fail(humasesstest.OpLoad, nil)
		wantStatus(t, r.call(r.client(), nothing[account]), http.StatusNoContent)
		wantStatus(t, r.requiredCall(r.client(), nothing[account]), http.StatusUnauthorized)
	})
	t.Run("several cookies", func(t *testing.T) {
		r.store.Fail(humasesstest.OpLoad, errDown)
		defer r.store.Fail(humasesstest.OpLoad, nil)
		w := r.requiredCall(r.client(), nothing[account], func(req *http.Request) {
			req.Header.Set("Cookie", "__Host-id="+before+"; __Host-id="+strings.Repeat("A", 64))
		})
		wantUnavailable(t, w)
	})
	if !strings.Contains(r.log.String(), "db-7.internal") {
		t.Error("the store's text is not in the log")
	}
}

func TestStoreFailsOnCommit(t *testing.T) {
	r, send := richRig(t)
	tests := []struct {
		name   string
		signed bool
		op     humasesstest.Op
		do     handler[account]
	}{
		{"Start", false, humasesstest.OpCreate, start(account{ID: "u2"})},
		{"Start over a session", true, humasesstest.OpCreate, start(account{ID: "u2"})},
		{"another identity", true, humasesstest.OpCreate, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "u2"; return nil })
		}},
		{"Update", true, humasesstest.OpUpdate, increment},
		{"Update without a session", false, humasesstest.OpCreate, increment},
		{"Renew", true, humasesstest.OpUpdate, renew[account]},
		{"Destroy", true, humasesstest.OpDelete, destroy[account]},
		{"Remember", true, humasesstest.OpUpdate, func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(true) }},
	}
	for _, path := range []string{"/rich", "/rich-stream"} {
		for _, tt := range tests {
			t.Run("X5 "+tt.name+" "+path, func(t *testing.T) {
				c := r.client()
				if tt.signed {
					c = r.signedIn(account{ID: "u1"})
				}
				before := token(c)
				r.store.Fail(tt.op, errDown)
				w := send(path, c, tt.do)
				r.store.Fail(tt.op, nil)
				wantUnavailable(t, w)
				if token(c) != before {
					t.Error("the cookie was touched")
				}
				got, ok := r.data(c)
				if ok != tt.signed || got.N != 0 {
					t.Errorf("session afterwards: got %+v, %v, want it as it was", got, ok)
				}
				if list, err := r.sessions.List(context.Background(), "u2"); err != nil || len(list) != 0 {
					t.Errorf("sessions of u2: got %v, %v, want none", list, err)
				}
			})
		}
	}

	t.Run("X5 a full store is 503", func(t *testing.T) {
		r.store.Fail(humasesstest.OpCreate, stores.ErrFull)
		defer r.store.Fail(humasesstest.OpCreate, nil)
		wantUnavailable(t, send("/rich", r.client(), start(account{ID: "u2"})))
	})

	t.Run("data that do not fit are 500, without Retry-After", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.store.Fail(humasesstest.OpUpdate, fmt.Errorf("9 bytes, 8 allowed: %w", stores.ErrTooLarge))
		defer r.store.Fail(humasesstest.OpUpdate, nil)
		w := send("/rich", c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := increment(ctx, s); err != nil {
				return err
			}
			if err := s.Commit(ctx); !errors.Is(err, stores.ErrTooLarge) || errors.Is(err, humasess.ErrUnavailable) {
				t.Errorf("Commit: got %v, want %v", err, stores.ErrTooLarge)
			}
			return nil // and the commit before the answer fails too
		})
		wantStatus(t, w, http.StatusInternalServerError)
		wantHeader(t, w, "Retry-After")
		wantHeader(t, w, "X-Handler")
		if got, ok := r.data(c); !ok || got.N != 0 {
			t.Errorf("session afterwards: got %+v, %v, want it as it was", got, ok)
		}
		if !strings.Contains(r.log.String(), "9 bytes, 8 allowed") {
			t.Errorf("log: got %q, want the sizes", r.log.String())
		}
	})

	t.Run("X5 the session that Commit has created is deleted when the last write fails", func(t *testing.T) {
		c := r.client()
		w := send("/rich", c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "u3"}); err != nil {
				return err
			}
			if err := s.Commit(ctx); err != nil {
				return err
			}
			r.store.Fail(humasesstest.OpUpdate, errDown)
			return increment(ctx, s)
		})
		r.store.Fail(humasesstest.OpUpdate, nil)
		wantUnavailable(t, w)
		if list, err := r.sessions.List(context.Background(), "u3"); err != nil || len(list) != 0 {
			t.Errorf("sessions of u3: got %d, %v, want none, because no client has its token", len(list), err)
		}
	})

	t.Run("Commit returns it, and the handler may go on", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := increment(ctx, s); err != nil {
				return err
			}
			r.store.Fail(humasesstest.OpUpdate, errDown)
			err := s.Commit(ctx)
			r.store.Fail(humasesstest.OpUpdate, nil)
			if !errors.Is(err, humasess.ErrUnavailable) || !errors.Is(err, errDown) {
				t.Errorf("Commit: got %v, want %v around the store's", err, humasess.ErrUnavailable)
			}
			return nil // and the change is written with the response
		})
		wantStatus(t, w, http.StatusNoContent)
		if got, _ := r.data(c); got.N != 1 {
			t.Errorf("N: got %d, want 1", got.N)
		}
	})
}

// Two sessions of one request: when the second cannot be written, the first
// that was started is taken back.
func TestSecondSessionFails(t *testing.T) {
	for _, failing := range []string{"account", "basket"} {
		t.Run("X5 "+failing, func(t *testing.T) {
			r := newRig(t, accountOptions())
			second := humasesstest.Wrap(memory.New(nil))
			baskets, err := humasess.New(second, basketOptions())
			if err != nil {
				t.Fatal(err)
			}
			api, mux := plainAPI()
			for _, err := range []error{r.sessions.Attach(api), baskets.Attach(api)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			late := [2]error{}
			huma.Get(api, "/", func(ctx context.Context, in *struct {
				Basket
				Account
			}) (*huma.StreamResponse, error) {
				if err := in.Account.Start(account{ID: "u1"}); err != nil {
					return nil, err
				}
				if err := in.Basket.Start(basket{Items: []string{"tea"}}); err != nil {
					return nil, err
				}
				if err := in.Account.Commit(ctx); err != nil {
					return nil, err
				}
				return &huma.StreamResponse{Body: func(hctx huma.Context) {
					hctx.SetStatus(200)
					late = [2]error{in.Account.Renew(), in.Basket.Renew()}
				}}, nil
			})
			if failing == "basket" {
				second.Fail(humasesstest.OpCreate, errDown)
			} else {
				r.store.Fail(humasesstest.OpCreate, errDown)
			}
			w := humasesstest.NewClient(mux).Do(http.MethodGet, "/", nil)
			if failing == "account" {
				wantStatus(t, w, http.StatusServiceUnavailable) // from Commit
				if n := second.Calls()[humasesstest.OpCreate]; n != 0 {
					t.Errorf("the basket was created %d times, want 0", n)
				}
				return
			}
			wantUnavailable(t, w)
			if list, err := r.sessions.List(context.Background(), "u1"); err != nil || len(list) != 0 {
				t.Errorf("accounts: got %v, %v, want none", list, err)
			}
			for i, err := range late {
				if !errors.Is(err, humasess.ErrCommitted) {
					t.Errorf("X6 change %d after the failed commit: got %v, want %v", i, err, humasess.ErrCommitted)
				}
			}
		})
	}
}

func TestSecondSessionStillEnds(t *testing.T) {
	r := newRig(t, accountOptions())
	second := humasesstest.Wrap(memory.New(nil))
	baskets, err := humasess.New(second, basketOptions())
	if err != nil {
		t.Fatal(err)
	}
	api, mux := plainAPI()
	for _, err := range []error{r.sessions.Attach(api), baskets.Attach(api)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	huma.Get(api, "/", func(_ context.Context, in *struct {
		Basket
		Account
	}) (*struct{}, error) {
		if err := in.Basket.Start(basket{}); err != nil {
			return nil, err
		}
		return nil, in.Account.Destroy()
	})
	c := humasesstest.NewClient(mux)
	c.SetCookie(humasesstest.Login(t, r.sessions, account{ID: "u1"}))
	old := token(c)
	second.Fail(humasesstest.OpCreate, errDown)
	wantUnavailable(t, c.Do(http.MethodGet, "/", nil))
	r.wantActive(r.withToken(old), false)
}

// Account is the aliased session for operations with two.
type Account = humasess.Session[account]

func TestBlockedStore(t *testing.T) {
	for _, tt := range []struct {
		name   string
		op     humasesstest.Op
		do     handler[account]
		status int
	}{
		{"X10 Update", humasesstest.OpUpdate, increment, http.StatusServiceUnavailable},
		{"X10 Destroy", humasesstest.OpDelete, destroy[account], http.StatusServiceUnavailable},
		{"X10 Start", humasesstest.OpCreate, start(account{ID: "u2"}), http.StatusServiceUnavailable},
		{"X10 the idle extension", humasesstest.OpTouch, nothing[account], http.StatusNoContent},
	} {
		t.Run(tt.name+" is bounded by a deadline of its own", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, accountOptions())
				c := r.signedIn(account{ID: "u1"})
				r.clock.Advance(10 * time.Minute) // an extension is due
				r.store.Before(tt.op, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
				began := time.Now()
				w := r.call(c, tt.do)
				if took := time.Since(began); took != 5*time.Second {
					t.Errorf("took %v, want 5s", took)
				}
				wantStatus(t, w, tt.status)
				if tt.status == http.StatusServiceUnavailable {
					wantUnavailable(t, w)
				}
				// The memory store's sweeper ends with the bubble.
				if err := r.sessions.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
	t.Run("X10 a load ends with the request", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		ctx, cancel := context.WithCancel(context.Background())
		r.store.Before(humasesstest.OpLoad, func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() })
		w := r.call(c, nothing[account], func(req *http.Request) { *req = *req.WithContext(ctx) })
		wantStatus(t, w, http.StatusServiceUnavailable)
	})
}

func TestClientGone(t *testing.T) {
	r := newRig(t, accountOptions())
	for _, op := range []humasesstest.Op{humasesstest.OpCreate, humasesstest.OpUpdate, humasesstest.OpDelete} {
		r.store.Before(op, func(ctx context.Context) error { // as a store with a network would
			select {
			case <-ctx.Done():
				return ctx.Err()
			default:
				return nil
			}
		})
	}
	gone := func(c *humasesstest.Client, f handler[account]) *httptest.ResponseRecorder {
		ctx, cancel := context.WithCancel(context.Background())
		return r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			err := f(ctx, s)
			cancel()
			if ctx.Err() == nil {
				t.Error("the request's context is not cancelled")
			}
			return err
		}, func(req *http.Request) { *req = *req.WithContext(ctx) })
	}
	t.Run("X10 a change is not lost", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		wantStatus(t, gone(c, increment), http.StatusNoContent)
		if got, _ := r.data(c); got.N != 1 {
			t.Errorf("N: got %d, want 1", got.N)
		}
	})
	t.Run("X10 nor a logout", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		gone(c, destroy[account])
		r.wantActive(r.withToken(old), false)
	})
	t.Run("X10 nor a login", func(t *testing.T) {
		c := r.client()
		wantStatus(t, gone(c, start(account{ID: "u5"})), http.StatusNoContent)
		r.wantActive(c, true)
	})
	t.Run("a Commit of the caller's ends with its context", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
			over, cancel := context.WithCancel(ctx)
			cancel()
			if err := increment(ctx, s); err != nil {
				return err
			}
			if err := s.Commit(over); !errors.Is(err, context.Canceled) || !errors.Is(err, humasess.ErrUnavailable) {
				t.Errorf("Commit: got %v, want %v", err, context.Canceled)
			}
			return nil
		})
	})
}

func TestTouchFails(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	r.clock.Advance(10 * time.Minute)
	r.events.take()
	r.store.Fail(humasesstest.OpTouch, errDown)
	w := r.call(c, nothing[account])
	r.store.Fail(humasesstest.OpTouch, nil)
	wantStatus(t, w, http.StatusNoContent)
	wantCookies(t, w, 0)
	wantKinds(t, r.events, events.StoreFailed)
	r.clock.Advance(10 * time.Minute)
	r.wantActive(c, true)

	t.Run("R11 of a session that has ended meanwhile", func(t *testing.T) {
		c := r.signedIn(account{ID: "u1"})
		r.clock.Advance(10 * time.Minute)
		r.events.take()
		w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			return r.sessions.Revoke(ctx, s.ID())
		})
		wantStatus(t, w, http.StatusNoContent)
		wantCookies(t, w, 0)
		wantKinds(t, r.events, events.Revoked)
		r.wantActive(c, false)
	})
}
