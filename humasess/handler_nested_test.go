package humasess_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// request is one that carries cookies to the API of rigs.
func request(method, path string, cookies ...*http.Cookie) *http.Request {
	req := httptest.NewRequest(method, "https://example.com"+path, nil)
	for _, c := range cookies {
		req.AddCookie(c)
	}
	return req
}

func TestHandlersOfTwoManagers(t *testing.T) {
	r := newRig(t, accountOptions())
	store := humasesstest.Wrap(memory.New(nil))
	baskets, err := humasess.New(store, basketOptions())
	if err != nil {
		t.Fatal(err)
	}
	api, mux := plainAPI()
	for _, err := range []error{r.sessions.Attach(api), baskets.Attach(api)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cookies := []*http.Cookie{
		humasesstest.Login(t, r.sessions, account{ID: "ada"}), humasesstest.Login(t, baskets, basket{Items: []string{"tea"}}),
	}
	both := func(ctx context.Context) (who string, items []string) {
		if s, ok := humasess.From[account](ctx); ok {
			a, _ := s.Get()
			who = a.ID
		}
		if s, ok := humasess.From[basket](ctx); ok {
			b, _ := s.Get()
			items = b.Items
		}
		return who, items
	}
	t.Run("a page finds both sessions", func(t *testing.T) {
		page := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if who, items := both(req.Context()); who != "ada" || len(items) != 1 {
				t.Errorf("got %q and %q, want both sessions", who, items)
			}
			if s, ok := humasess.From[basket](req.Context()); ok {
				_ = s.Renew()
			}
			_, _ = io.WriteString(w, "both")
		})
		for _, h := range []http.Handler{r.sessions.Handler(baskets.Handler(page)), baskets.Handler(r.sessions.Handler(page))} {
			got := httptest.NewRecorder()
			h.ServeHTTP(got, request("GET", "/", cookies...))
			if len(got.Header()["Set-Cookie"]) != 1 || len(got.Header()["Vary"]) != 1 {
				t.Errorf("got %v, want one cookie and Vary once", got.Header())
			}
			cookies[1] = got.Result().Cookies()[0]
		}
	})
	t.Run("X2 an API inside loads and writes neither again", func(t *testing.T) {
		// A renewed token's first use writes that it has arrived.
		cookies[1] = humasesstest.Login(t, baskets, basket{Items: []string{"tea"}})
		r.store.Reset()
		store.Reset()
		huma.Post(api, "/", func(ctx context.Context, in *struct {
			humasess.Required[account]
		}) (*struct{}, error) {
			if who, items := both(ctx); who != "ada" || len(items) != 1 {
				t.Errorf("got %q and %q, want both sessions", who, items)
			}
			return nil, in.Session.Update(func(a *account) error { a.N++; return nil })
		})
		got := httptest.NewRecorder()
		r.sessions.Handler(baskets.Handler(mux)).ServeHTTP(got, request("POST", "/", cookies...))
		if got.Code != http.StatusNoContent || r.store.Total() != 2 || store.Total() != 1 {
			t.Errorf("got %d, calls %v and %v, want 204, a load and an update, and a load", got.Code, r.store.Calls(), store.Calls())
		}
	})
}

func TestHandlerWritesAfterAnInnerRequest(t *testing.T) {
	r := newRig(t, accountOptions())
	// A store that waits, as those behind a network do.
	for _, op := range []humasesstest.Op{humasesstest.OpCreate, humasesstest.OpDelete} {
		r.store.Before(op, func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			default:
				return nil
			}
		})
	}
	api, mux := plainAPI()
	if err := r.sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	huma.Post(api, "/", func(ctx context.Context, in *struct{ humasess.Session[account] }) (*struct{}, error) {
		return nil, errors.Join(in.Start(account{ID: "eve"}), in.Commit(ctx), errors.New("refused after all"))
	})
	h := r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		inner := httptest.NewRecorder()
		mux.ServeHTTP(inner, req)
		if inner.Code != http.StatusInternalServerError {
			t.Errorf("inner request: got %d, want 500", inner.Code)
		}
		s, _ := humasess.From[account](req.Context())
		if err := s.Start(account{ID: "ada"}); err != nil {
			t.Errorf("Start: %v", err)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	got := httptest.NewRecorder()
	h.ServeHTTP(got, request("POST", "/"))
	if got.Code != http.StatusNoContent || len(got.Result().Cookies()) != 1 {
		t.Errorf("got %d %v, want 204 with a cookie", got.Code, got.Header())
	}
	for identity, want := range map[string]int{"eve": 0, "ada": 1} {
		if infos, err := r.sessions.List(context.Background(), identity); err != nil || len(infos) != want {
			t.Errorf("sessions of %s: got %v, %v, want %d", identity, infos, err, want)
		}
	}
}

func TestHandlerWithoutAConnectionToHijack(t *testing.T) {
	r := newRig(t, accountOptions())
	c := plain(r, func(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) {
		if err := s.Start(account{ID: "ada"}); err != nil {
			t.Errorf("Start: %v", err)
		}
		if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Hijack: got %v, want ErrUnsupported", err)
		}
		http.Error(w, "HTTP/1.1 only", http.StatusHTTPVersionNotSupported)
	})
	got := c.Do("GET", "/", nil)
	if got.Code != http.StatusHTTPVersionNotSupported || len(got.Result().Cookies()) != 0 {
		t.Errorf("got %d %v, want 505 without a cookie", got.Code, got.Header())
	}
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || len(infos) != 0 {
		t.Errorf("sessions: got %v, %v, want none: the response is an error", infos, err)
	}
}
