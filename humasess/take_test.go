package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// taking calls Take and notes the result.
func taking(data *account, err *error) handler[account] {
	return func(ctx context.Context, s *humasess.Session[account]) error {
		*data, *err = s.Take(ctx)
		return *err
	}
}

func TestTake(t *testing.T) {
	r := newRig(t, accountOptions())
	var data account
	var err error
	none := func(t *testing.T, want error) {
		t.Helper()
		if !errors.Is(err, want) || data.ID != "" || data.N != 0 {
			t.Errorf("got %+v, %v, want no data and %v", data, err, want)
		}
	}
	t.Run("gives the data and ends the session", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "u1", N: 7})
		old := token(c)
		r.events.take()
		w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			done := s.Done()
			data, err = s.Take(ctx)
			select {
			case <-done:
			case <-time.After(time.Minute):
				t.Error("Done is open")
			}
			if s.Active() || s.Reason() != events.ReasonEnded {
				t.Errorf("got active %v and the reason %q, want the session ended", s.Active(), s.Reason())
			}
			if _, err := s.Take(ctx); !errors.Is(err, humasess.ErrNoSession) {
				t.Errorf("again: got %v, want ErrNoSession", err)
			}
			return err
		})
		wantStatus(t, w, http.StatusNoContent)
		wantCookies(t, w, 1)
		if data.ID != "u1" || data.N != 7 {
			t.Errorf("got %+v, want the data", data)
		}
		r.wantDead(old)
		ends := 0
		for _, e := range r.events.take() {
			if e.Kind == events.Destroyed {
				ends++
			}
		}
		if ends != 1 {
			t.Errorf("got %d events of an end, want 1", ends)
		}
	})
	t.Run("an error response does not bring it back", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			data, err = s.Take(ctx)
			return errors.New("after all")
		})
		wantStatus(t, w, http.StatusInternalServerError)
		wantCookies(t, w, 1)
		r.wantDead(old)
	})
	t.Run("changes that are not written are part of the data", func(t *testing.T) {
		r.in(t)
		r.call(r.signedIn(account{ID: "u1", N: 7}), func(ctx context.Context, s *humasess.Session[account]) error {
			if err := increment(ctx, s); err != nil {
				return err
			}
			data, err = s.Take(ctx)
			return err
		})
		if data.N != 8 || err != nil {
			t.Errorf("got %+v, %v, want N 8", data, err)
		}
	})
	t.Run("a session that the request has started", func(t *testing.T) {
		r.in(t)
		for _, commit := range []bool{false, true} {
			c := r.client()
			w := r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
				if err := s.Start(account{ID: "u5"}); err != nil {
					return err
				}
				if commit {
					if err := s.Commit(ctx); err != nil {
						return err
					}
				}
				data, err = s.Take(ctx)
				return err
			})
			wantStatus(t, w, http.StatusNoContent)
			if data.ID != "u5" {
				t.Errorf("got %+v, want the data", data)
			}
			if all, err := r.sessions.List(t.Context(), "u5"); len(all) != 0 || err != nil {
				t.Errorf("got %v, %v, want no session", all, err)
			}
			r.wantActive(c, false)
		}
	})
	t.Run("Start may follow", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		wantStatus(t, r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			if data, err = s.Take(ctx); err != nil {
				return err
			}
			return s.Start(account{ID: "u2"})
		}), http.StatusNoContent)
		r.wantDead(old)
		if got, _ := r.data(c); got.ID != "u2" {
			t.Errorf("got %+v, want the session of u2", got)
		}
	})
	t.Run("without a session", func(t *testing.T) {
		r.in(t)
		wantStatus(t, r.call(r.client(), taking(&data, &err)), http.StatusUnauthorized)
		none(t, humasess.ErrNoSession)
	})
	t.Run("with several sessions", func(t *testing.T) {
		r.in(t)
		a, b := r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u2"})
		r.call(r.client(), taking(&data, &err), withCookies(token(a), token(b)))
		none(t, humasess.ErrNoSession)
		r.wantActive(a, true)
		r.wantActive(b, true)
	})
	t.Run("after the response has begun", func(t *testing.T) {
		r.in(t)
		var kept *humasess.Session[account]
		c := r.signedIn(account{ID: "u1"})
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error { kept = s; return nil })
		data, err = kept.Take(t.Context())
		none(t, humasess.ErrCommitted)
		r.wantActive(c, true)
	})
}

// TestTakeFormerToken has a token that a renewal has replaced. A thief may have it.
func TestTakeFormerToken(t *testing.T) {
	r := newRig(t, accountOptions())
	var data account
	var err error
	t.Run("R11 renewed before", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "u1", N: 7})
		former := r.withToken(token(c))
		r.must(c, renew[account])
		wantStatus(t, r.call(former, taking(&data, &err)), http.StatusConflict)
		if !errors.Is(err, humasess.ErrConflict) || data.ID != "" {
			t.Errorf("got %+v, %v, want no data and ErrConflict", data, err)
		}
		r.wantActive(c, true)
	})
	t.Run("R11 renewed meanwhile", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "u1", N: 7})
		former := r.withToken(token(c))
		wantStatus(t, r.call(former, func(ctx context.Context, s *humasess.Session[account]) error {
			r.must(c, renew[account])
			return taking(&data, &err)(ctx, s)
		}), http.StatusConflict)
		if !errors.Is(err, humasess.ErrConflict) || data.ID != "" {
			t.Errorf("got %+v, %v, want no data and ErrConflict", data, err)
		}
		r.wantActive(c, true)
	})
}

// TestTakeMeanwhile takes a session that another request changes or ends first.
func TestTakeMeanwhile(t *testing.T) {
	r := newRig(t, accountOptions())
	var data account
	var err error
	t.Run("R11 a change of another request is part of the data", func(t *testing.T) {
		r.in(t)
		c := r.signedIn(account{ID: "u1"})
		other := r.withToken(token(c))
		wantStatus(t, r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
			r.must(other, increment)
			if err := increment(ctx, s); err != nil {
				return err
			}
			return taking(&data, &err)(ctx, s)
		}), http.StatusNoContent)
		if data.N != 2 {
			t.Errorf("got %+v, want both changes", data)
		}
	})
	for name, end := range map[string]handler[account]{
		"taken":      func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.Take(ctx); return err },
		"signed out": func(_ context.Context, s *humasess.Session[account]) error { return s.Destroy() },
	} {
		t.Run("R11 "+name, func(t *testing.T) {
			r.in(t)
			c := r.signedIn(account{ID: "u1"})
			other := r.withToken(token(c))
			w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
				r.must(other, end)
				data, err = s.Take(ctx)
				if s.Active() || s.Reason() != events.ReasonRevoked {
					t.Errorf("got active %v and the reason %q, want none and revoked", s.Active(), s.Reason())
				}
				return err
			})
			wantStatus(t, w, http.StatusNotFound)
			wantCookies(t, w, 0) // the other request decides about the cookie
			if !errors.Is(err, humasess.ErrNotFound) || data.ID != "" {
				t.Errorf("got %+v, %v, want no data and ErrNotFound", data, err)
			}
		})
	}
	t.Run("R11 the loser cannot sign in with it", func(t *testing.T) {
		for _, path := range []string{"/call", "/login"} {
			r.in(t)
			c := r.signedIn(account{ID: "u1"})
			other := r.withToken(token(c))
			w := r.send(c, path, func(ctx context.Context, s *humasess.Session[account]) error {
				r.must(other, taking(&data, &err))
				_, _ = s.Take(ctx)
				return s.Start(account{ID: "u1"})
			})
			wantStatus(t, w, http.StatusUnauthorized)
			wantCookies(t, w, 0)
		}
	})
}

// TestTakeLostAnswer has a store whose answer does not arrive. The caller gets the data
// only if this call has ended the session.
func TestTakeLostAnswer(t *testing.T) {
	var data account
	var err error
	for _, carriedOut := range []bool{true, false} {
		for _, times := range []int32{1, 3} {
			t.Run(fmt.Sprintf("R11 carried out %v, %d answers lost", carriedOut, times), func(t *testing.T) {
				timed(t, func(r *rig[account]) {
					c := r.signedIn(account{ID: "u1"})
					old := token(c)
					loses(r, humasesstest.OpDelete, times, carriedOut)
					w := r.call(c, taking(&data, &err))
					if carriedOut {
						wantStatus(t, w, http.StatusServiceUnavailable)
						if !errors.Is(err, humasess.ErrUnavailable) || data.ID != "" {
							t.Errorf("got %+v, %v, want no data and ErrUnavailable", data, err)
						}
						wantStatus(t, r.call(r.withToken(old), taking(&data, &err)), http.StatusUnauthorized)
						return
					}
					wantStatus(t, w, http.StatusNoContent)
					if data.ID != "u1" {
						t.Errorf("got %+v, %v, want the data", data, err)
					}
				})
			})
		}
	}
}
