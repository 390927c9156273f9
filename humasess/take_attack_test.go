package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// belongTo changes the identity of the data, which keep their number.
func belongTo(id string) handler[account] {
	return func(_ context.Context, s *humasess.Session[account]) error {
		return s.Update(func(a *account) error { a.ID = id; return nil })
	}
}

// TestTakeOfAMovedSession takes data that the request has given another identity. The
// new session has the data of the old one, which other requests have as well.
func TestTakeOfAMovedSession(t *testing.T) {
	r := newRig(t, accountOptions())
	for name, begin := range map[string]func() *humasesstest.Client{
		"anonymous": func() *humasesstest.Client {
			c := r.client()
			r.must(c, increment)
			return c
		},
		"of a user": func() *humasesstest.Client { return r.signedIn(account{ID: "u1", N: 1}) },
	} {
		t.Run("R11 "+name, func(t *testing.T) {
			r.in(t)
			c := begin()
			old := token(c)
			var first, second account
			var won, lost error
			w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
				if err := belongTo("u2")(ctx, s); err != nil {
					return err
				}
				r.must(r.withToken(old), taking(&first, &won))
				second, lost = s.Take(ctx)
				return lost
			})
			wantStatus(t, w, http.StatusNotFound)
			wantCookies(t, w, 0)
			if first.N != 1 || won != nil || !errors.Is(lost, humasess.ErrNotFound) || second.N != 0 {
				t.Errorf("got %+v, %v and %+v, %v, want the data once", first, won, second, lost)
			}
			if all, err := r.sessions.List(t.Context(), "u2"); len(all) != 0 || err != nil {
				t.Errorf("got %v, %v, want no session", all, err)
			}
		})
		t.Run("alone, "+name, func(t *testing.T) {
			r.in(t)
			c := begin()
			old := token(c)
			var data account
			var err error
			w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
				r.must(r.withToken(old), increment) // is part of the data
				if err := belongTo("u2")(ctx, s); err != nil {
					return err
				}
				return taking(&data, &err)(ctx, s)
			})
			wantStatus(t, w, http.StatusNoContent)
			wantCookies(t, w, 1)
			if data.ID != "u2" || data.N != 2 {
				t.Errorf("got %+v, %v, want both changes", data, err)
			}
			r.wantDead(old)
		})
	}
}

// TestTakeLosesAfterCommit has a request that has written its session before another one
// takes it and signs in. The cookie of the loser would sign that user out.
func TestTakeLosesAfterCommit(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	other := r.withToken(token(c))
	w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
		if err := errors.Join(s.Remember(true), s.Commit(ctx)); err != nil {
			return err
		}
		r.must(other, func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.Take(ctx)
			return errors.Join(err, s.Start(account{ID: "u1"}))
		})
		if _, err := s.Take(ctx); !errors.Is(err, humasess.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		return nil
	})
	wantStatus(t, w, http.StatusNoContent)
	wantCookies(t, w, 0)
}

// severalErrors is the error of a store that cannot be compared, as those of some drivers.
type severalErrors []error

func (s severalErrors) Error() string   { return "several errors" }
func (s severalErrors) Unwrap() []error { return s }

func TestTakeFailsWithAnErrorThatDoesNotCompare(t *testing.T) {
	timed(t, func(r *rig[account]) {
		c := r.signedIn(account{ID: "u1"})
		r.store.Before(humasesstest.OpDelete, func(context.Context) error { return severalErrors{errors.New("down")} })
		var data account
		var err error
		wantStatus(t, r.call(c, taking(&data, &err)), http.StatusServiceUnavailable)
		if !errors.Is(err, humasess.ErrUnavailable) || data.ID != "" {
			t.Errorf("got %+v, %v, want no data and ErrUnavailable", data, err)
		}
	})
}

// TestTakeOfAClientThatHasLeft has a context that ended with the client. That is not a
// failure of the store.
func TestTakeOfAClientThatHasLeft(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	r.events.take()
	r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		_, err := s.Take(ctx)
		if !errors.Is(err, humasess.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		return err
	})
	for _, e := range r.events.take() {
		if e.Kind == events.StoreFailed {
			t.Errorf("got %+v, want no failure of the store", e)
		}
	}
	r.wantActive(c, true)
}

// TestTakeInUpdate calls Take from the function that is given to Update.
func TestTakeInUpdate(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	wantStatus(t, r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
		return s.Update(func(*account) error { _, err := s.Take(ctx); return err })
	}), http.StatusInternalServerError)
	r.wantActive(c, true)
}

// TestTakeByTwoGoroutines takes a session twice in one request.
func TestTakeByTwoGoroutines(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1", N: 7})
	r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() { _, err := s.Take(ctx); errs <- err }()
		}
		got := 0
		for range cap(errs) {
			switch err := <-errs; {
			case err == nil:
				got++
			case !errors.Is(err, humasess.ErrNoSession):
				t.Errorf("got %v, want ErrNoSession", err)
			}
		}
		if got != 1 {
			t.Errorf("got the data %d times, want once", got)
		}
		return nil
	})
	r.wantActive(c, false)
}

// TestTakeRolledBack takes a session in a transaction of the program that does not end
// well. An error response ends it, although the store has not.
func TestTakeRolledBack(t *testing.T) {
	store := transacting{memory.New(nil)}
	r := newRigOn(t, accountOptions(), store, huma.DefaultConfig("Test", "1.0.0"))
	c := r.signedIn(account{ID: "u1"})
	old := token(c)
	w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
		r.store.Before(humasesstest.OpDelete, func(ctx context.Context) error {
			if store.InTransaction(ctx) {
				return errors.New("the transaction is aborted")
			}
			return nil
		})
		if _, err := s.Take(context.WithValue(ctx, inTransaction{}, true)); !errors.Is(err, humasess.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		data, err := s.Take(ctx)
		if err != nil || data.ID != "u1" {
			t.Errorf("outside of it: got %+v, %v, want the data", data, err)
		}
		return errors.New("refused")
	})
	wantCookies(t, w, 1)
	r.wantDead(old)
}
