package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
)

// limited lets a user sign in so often and then refuses.
func limited(n int) humasess.Options[account] {
	o := accountOptions()
	o.MaxPerIdentity, o.RefuseOverLimit = n, true
	return o
}

func TestRefuseOverLimit(t *testing.T) {
	t.Run("R6 one too many is told so, and nothing else changes", func(t *testing.T) {
		r := newRig(t, limited(2))
		first, second := r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u1"})
		r.events.take()
		w := r.loginCall(r.client(), start(account{ID: "u1"}))
		wantStatus(t, w, http.StatusConflict)
		wantCookies(t, w, 0)
		if got := problemOf(t, w); got.Type != "urn:humasess:problem:too-many-sessions" || got.Detail == "" {
			t.Errorf("problem: got %+v", got)
		}
		got := r.events.take()
		if len(got) != 1 || got[0].Kind != events.Rejected || got[0].Reason != events.ReasonLimit {
			t.Errorf("events: got %+v, want one %s for %s", got, events.Rejected, events.ReasonLimit)
		}
		r.wantActive(first, true)
		r.wantActive(second, true)
		wantStatus(t, r.loginCall(r.client(), start(account{ID: "u2"})), http.StatusNoContent)
	})

	t.Run("R6 handlers may answer in their own way", func(t *testing.T) {
		r := newRig(t, limited(1))
		r.signedIn(account{ID: "u1"})
		w := r.loginCall(r.client(), func(ctx context.Context, s *humasess.Session[account]) error {
			if err := s.Start(account{ID: "u1"}); err != nil {
				return err
			}
			err := s.Commit(ctx)
			var answer huma.StatusError
			if !errors.Is(err, humasess.ErrLimit) || !errors.As(err, &answer) || answer.GetStatus() != http.StatusConflict {
				t.Errorf("Commit: got %v, want %v with status 409", err, humasess.ErrLimit)
			}
			return huma.Error429TooManyRequests("sign out somewhere")
		})
		wantStatus(t, w, http.StatusTooManyRequests)
		wantCookies(t, w, 0)
		if _, err := r.sessions.Issue(t.Context(), account{ID: "u1"}); !errors.Is(err, humasess.ErrLimit) {
			t.Errorf("Issue: got %v, want %v", err, humasess.ErrLimit)
		}
	})

	t.Run("R6 one's own session does not count", func(t *testing.T) {
		r := newRig(t, limited(1))
		c := r.signedIn(account{ID: "u1"})
		before := token(c)
		wantStatus(t, r.loginCall(c, start(account{ID: "u1", N: 2})), http.StatusNoContent)
		if got, ok := r.data(c); !ok || got.N != 2 || token(c) == before {
			t.Errorf("after signing in again: got %+v, active %v", got, ok)
		}
	})

	t.Run("R6 signing out makes room, and so does time", func(t *testing.T) {
		r := newRig(t, limited(1))
		c := r.signedIn(account{ID: "u1"})
		r.must(c, destroy[account])
		wantStatus(t, r.loginCall(r.client(), start(account{ID: "u1"})), http.StatusNoContent)
		wantStatus(t, r.loginCall(r.client(), start(account{ID: "u1"})), http.StatusConflict)
		r.clock.Advance(unused)
		wantStatus(t, r.loginCall(r.client(), start(account{ID: "u1"})), http.StatusNoContent)
	})

	t.Run("R6 anonymous sessions are not limited", func(t *testing.T) {
		r := newRig(t, limited(1))
		for range 3 {
			r.must(r.client(), increment)
		}
	})

	t.Run("R6 an identity change is a sign-in", func(t *testing.T) {
		r := newRig(t, limited(1))
		r.signedIn(account{ID: "u1"})
		c := r.client()
		r.must(c, increment)
		w := r.call(c, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "u1"; return nil })
		})
		wantStatus(t, w, http.StatusConflict)
	})

	t.Run("R6 5 of 50 parallel logins pass", func(t *testing.T) {
		opts := limited(5)
		r, inner := newCountedRig(t, opts)
		var passed, refused atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				var w *httptest.ResponseRecorder
				c := r.client()
				switch w = r.loginCall(c, start(account{ID: "u1"})); w.Code {
				case http.StatusNoContent:
					passed.Add(1)
					r.wantActive(c, true)
				case http.StatusConflict:
					refused.Add(1)
				default:
					t.Errorf("status: got %d", w.Code)
				}
			})
		}
		wg.Wait()
		if passed.Load() != 5 || refused.Load() != 45 || inner.Len() != 5 {
			t.Errorf("got %d passed, %d refused, %d stored, want 5, 45 and 5", passed.Load(), refused.Load(), inner.Len())
		}
	})

	t.Run("O7 logins say so", func(t *testing.T) {
		for _, tt := range []struct {
			opts humasess.Options[account]
			want bool
		}{{limited(1), true}, {accountOptions(), false}} {
			paths := newRig(t, tt.opts).api.OpenAPI().Paths
			if got := paths["/login"].Post.Responses["409"] != nil; got != tt.want {
				t.Errorf("409 of a login: got %v, want %v", got, tt.want)
			}
			if paths["/required"].Post.Responses["409"] != nil {
				t.Error("409 of another operation: got one, want none")
			}
		}
	})
}
