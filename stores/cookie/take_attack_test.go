package cookie_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

type step struct{ N int }

// TestTakeLosesAfterCommit has a request that has written its session before another one
// takes an older copy of the cookie. The loser sends no cookie.
func TestTakeLosesAfterCommit(t *testing.T) {
	m, err := humasess.New(cookie.New(aead(t, key(t)), &cookie.Options{Revoked: memory.NewRevocations()}), &humasess.Options[step]{})
	if err != nil {
		t.Fatal(err)
	}
	var do func(ctx context.Context, s *humasess.Session[step])
	h := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[step](r.Context())
		do(r.Context(), s)
	}))
	from := humasesstest.Login(t, m, step{1})
	send := func(f func(ctx context.Context, s *humasess.Session[step])) *httptest.ResponseRecorder {
		do = f
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.AddCookie(from)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := send(func(ctx context.Context, s *humasess.Session[step]) {
		if err := errors.Join(s.Update(func(d *step) error { d.N++; return nil }), s.Commit(ctx)); err != nil {
			t.Error(err)
		}
		send(func(ctx context.Context, s *humasess.Session[step]) {
			if data, err := s.Take(ctx); data.N != 1 || err != nil {
				t.Errorf("got %+v, %v, want the data of the older copy", data, err)
			}
		})
		if data, err := s.Take(ctx); data.N != 0 || !errors.Is(err, humasess.ErrNotFound) {
			t.Errorf("got %+v, %v, want ErrNotFound", data, err)
		}
	})
	if got := w.Header()["Set-Cookie"]; len(got) != 0 {
		t.Errorf("got %q, want no cookie", got)
	}
}
