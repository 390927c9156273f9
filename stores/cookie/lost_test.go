package cookie_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

var errLost = errors.New("connection reset by peer")

// losing are Revocations whose next answers get lost, before or after the call
// has taken effect.
type losing struct {
	stores.MultiRevocations
	times      int
	carriedOut bool
	calls      int
	meanwhile  func() // another request, after an answer was lost
	inside     bool   // a transaction
}

func (l *losing) run(call func() error) error {
	l.calls++
	if l.times == 0 {
		return call()
	}
	l.times--
	if l.carriedOut {
		if err := call(); err != nil {
			return err
		}
	}
	if l.meanwhile != nil {
		l.meanwhile()
	}
	return errLost
}

// End implements [stores.Revocations].
func (l *losing) End(ctx context.Context, id stores.ID, keep time.Duration, name int64) error {
	return l.run(func() error { return l.MultiRevocations.End(ctx, id, keep, name) })
}

// RevokeIdentity implements [stores.Revocations].
func (l *losing) RevokeIdentity(ctx context.Context, identity string, name int64) (r stores.Revoked, err error) {
	err = l.run(func() error {
		r, err = l.MultiRevocations.RevokeIdentity(ctx, identity, name)
		return err
	})
	return r, err
}

// InTransaction implements [stores.TransactionalRevocations].
func (l *losing) InTransaction(context.Context) bool { return l.inside }

func newLosing() *losing { return &losing{MultiRevocations: memory.NewRevocations()} }

// A lost answer neither fails the request nor signs the user out.
func TestLostAnswers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		do    func(context.Context, *humasess.Session[coretest.User]) error
		after int // the status of the client's next request
	}{
		{"RevokeOthers", func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			_, err := in.RevokeOthers(ctx)
			return err
		}, http.StatusNoContent},
		{"RevokeAll", func(ctx context.Context, in *humasess.Session[coretest.User]) error {
			_, err := in.RevokeAll(ctx)
			return err
		}, http.StatusUnauthorized},
		{"Reauthenticated", reauthenticate, http.StatusNoContent},
		{"a change of identity", func(_ context.Context, in *humasess.Session[coretest.User]) error {
			return in.Update(func(u *coretest.User) error { u.Name = "bob"; return nil })
		}, http.StatusNoContent},
		{"Start", func(_ context.Context, in *humasess.Session[coretest.User]) error {
			return in.Start(coretest.User{Name: "ada"})
		}, http.StatusNoContent},
		{"Destroy", func(_ context.Context, in *humasess.Session[coretest.User]) error { return in.Destroy() }, http.StatusUnauthorized},
	} {
		for _, carriedOut := range []bool{true, false} {
			for _, times := range []int{1, 2} {
				t.Run(fmt.Sprintf("X10 %s, %d lost, carried out %v", tt.name, times, carriedOut), func(t *testing.T) {
					marks := newLosing()
					s := newSite(t, &cookie.Options{Revoked: marks})
					c := s.login()
					before := c.Clone()
					marks.times, marks.carriedOut = times, carriedOut
					s.call(c, http.StatusNoContent, tt.do)
					s.call(c, tt.after, present)
					s.call(before, http.StatusUnauthorized, present)
				})
			}
		}
	}
}

// If an answer is lost, the mark of another request never counts as the call's
// own.
func TestLostAnswersOfTwo(t *testing.T) {
	for _, carriedOut := range []bool{true, false} {
		t.Run(fmt.Sprintf("R2 a revocation came between, carried out %v", carriedOut), func(t *testing.T) {
			marks, s := newLosing(), newRequests(t)
			s.marks.Revocations = marks
			request := s.request(s.begin(1, "ada"))
			marks.times, marks.carriedOut = 1, carriedOut
			marks.meanwhile = func() {
				if _, err := marks.MultiRevocations.RevokeIdentity(t.Context(), "ada", 1); err != nil {
					t.Error(err)
				}
			}
			_, err := request.RevokeIdentity(t.Context(), "ada", stores.ID{1})
			s.fails("RevokeIdentity", err, stores.ErrNotFound)
		})
		t.Run(fmt.Sprintf("of two requests one ends the session, carried out %v", carriedOut), func(t *testing.T) {
			marks, s := newLosing(), newRequests(t)
			s.marks.Revocations = marks
			value := s.begin(2, "eve")
			var other error
			marks.times, marks.carriedOut = 1, carriedOut
			marks.meanwhile = func() { other = marks.MultiRevocations.End(t.Context(), stores.ID{2}, time.Hour, 1) }
			err := s.request(value).Delete(t.Context(), stores.ID{2}, stores.Condition{})
			want, wantOther := error(nil), stores.ErrNotFound
			if !carriedOut {
				want, wantOther = stores.ErrNotFound, nil
			}
			s.fails("Delete", err, want)
			s.fails("the other request", other, wantOther)
		})
	}
}

// Revocations that are down are asked a limited number of times, and a call in
// a transaction is not repeated.
func TestLostAnswersAreBounded(t *testing.T) {
	for _, tt := range []struct {
		name   string
		inside bool
		budget time.Duration
		calls  int // at most
	}{
		{"an outage", false, time.Minute, 6},
		{"no time left", false, 50 * time.Millisecond, 5},
		{"a transaction", true, time.Minute, 1},
	} {
		t.Run("X10 "+tt.name, func(t *testing.T) {
			marks := newLosing()
			s := newRequests(t)
			s.newRequest = bind(t, marks)
			value := s.begin(1, "ada")
			marks.times, marks.inside = 100, tt.inside
			ctx, cancel := context.WithTimeout(t.Context(), tt.budget)
			defer cancel()
			err := s.request(value).Delete(ctx, stores.ID{1}, stores.Condition{})
			s.fails("Delete", err, errLost)
			if marks.calls > tt.calls || !tt.inside && marks.calls < 2 {
				t.Errorf("got %d calls, want %d at most", marks.calls, tt.calls)
			}
		})
	}
}

func bind(t *testing.T, marks stores.Revocations) func() stores.RequestStore {
	t.Helper()
	newRequest, err := cookie.New(aead(t, key(t)), &cookie.Options{Revoked: marks}).Bind(name, "m")
	if err != nil {
		t.Fatal(err)
	}
	return newRequest
}

// A sign-in fails if one of several sessions cannot be ended. The session that
// admitted the request then stays.
func TestFailedSignInKeepsItsSession(t *testing.T) {
	s := newRequests(t)
	base, other := s.begin(1, "ada"), s.begin(2, "ada")
	s.marks.refuse = stores.ID{2}
	c := spec(3, "ada")
	c.Replaces = []stores.Replaced{{ID: stores.ID{1}, Version: 1}, {ID: stores.ID{2}, MayBeGone: true}}
	_, err := s.request(base, other).Create(t.Context(), c)
	s.fails("Create", err, errors.ErrUnsupported)
	s.opens("the base", base, 1, nil)
}
