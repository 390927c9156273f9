package cookie_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

// spied are Revocations that record each End, and run another request before a
// call.
type spied struct {
	stores.Revocations
	ended   []time.Duration // how long each mark must be kept
	checks  int
	before  func()
	failEnd error
	refuse  stores.ID // End of it is not supported
}

func (s *spied) enter() {
	if f := s.before; f != nil {
		s.before = nil
		f()
	}
}

func (s *spied) End(ctx context.Context, id stores.ID, keep time.Duration, name int64) error {
	s.enter()
	if s.failEnd != nil {
		return s.failEnd
	}
	if id == s.refuse {
		return errors.ErrUnsupported
	}
	s.ended = append(s.ended, keep)
	return s.Revocations.End(ctx, id, keep, name)
}

func (s *spied) Check(ctx context.Context, id stores.ID, identity string) (stores.Standing, error) {
	s.checks++
	return s.Revocations.Check(ctx, id, identity)
}

func (s *spied) CheckMany(ctx context.Context, subjects []stores.Subject) ([]stores.Standing, error) {
	s.checks++
	return stores.CheckMany(ctx, s.Revocations, subjects)
}

func (s *spied) RevokeIdentity(ctx context.Context, identity string, name int64) (stores.Revoked, error) {
	s.enter()
	return s.Revocations.RevokeIdentity(ctx, identity, name)
}

// request stores makes request stores with a clock that the test sets.
type requests struct {
	*testing.T
	marks      *spied
	now        time.Time
	newRequest func() stores.RequestStore
}

func newRequests(t *testing.T) *requests {
	t.Helper()
	s := &requests{T: t, now: goldenTime, marks: &spied{Revocations: memory.NewRevocations()}}
	store := cookie.New(aead(t, key(t)), &cookie.Options{Revoked: s.marks})
	store.UseClock(func() time.Time { return s.now })
	var err error
	if s.newRequest, err = store.Bind(name, "m"); err != nil {
		t.Fatal(err)
	}
	return s
}

// spec describes a session with timeouts of half an hour and twelve hours.
func spec(n byte, identity string) stores.Create {
	return stores.Create{ID: stores.ID{n}, Identity: identity, Payload: []byte("x"), Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
}

// begin returns the cookie of a new session.
func (s *requests) begin(n byte, identity string) string {
	s.Helper()
	request := s.newRequest()
	if _, err := request.Create(s.Context(), spec(n, identity)); err != nil {
		s.Fatal(err)
	}
	return string(request.AppendValue(nil, stores.ID{n}))
}

// request returns a request store with these cookies.
func (s *requests) request(values ...string) stores.RequestStore {
	s.Helper()
	request := s.newRequest()
	for _, v := range values {
		if _, _, err := request.Open(v); err != nil {
			s.Fatal(err)
		}
	}
	return request
}

// opens requires Load to answer want for a copy of session n.
func (s *requests) opens(when string, value string, n byte, want error) {
	s.Helper()
	if _, err := s.request(value).Load(s.Context(), stores.ID{n}); !errors.Is(err, want) {
		s.Errorf("%s: Load answers %v, want %v", when, err, want)
	}
}

func (s *requests) fails(label string, got, want error) {
	s.Helper()
	if !errors.Is(got, want) {
		s.Errorf("%s: got error %v, want %v", label, got, want)
	}
}

// touched returns a copy that was extended ten minutes later.
func (s *requests) touched(value string, n byte) string {
	s.Helper()
	s.now = s.now.Add(10 * time.Minute)
	request := s.request(value)
	if _, err := request.Touch(s.Context(), stores.ID{n}, 30*time.Minute); err != nil {
		s.Fatal(err)
	}
	return string(request.AppendValue(nil, stores.ID{n}))
}

// A copy that was idle for too long is not accepted, but a later one may be. So
// a logout with the first must end the second.
func TestIdleCopyEndsTheOthers(t *testing.T) {
	for name, end := range map[string]func(s *requests, idle string) error{
		"R1 a logout": func(s *requests, idle string) error {
			err := s.request(idle).Delete(s.Context(), stores.ID{1}, stores.Condition{})
			s.fails("Delete of an expired copy", err, stores.ErrNotFound)
			return nil
		},
		"R1 a sign-in": func(s *requests, idle string) error {
			c := spec(2, "ada")
			c.Replaces = []stores.Replaced{{ID: stores.ID{1}, MayBeGone: true}}
			_, err := s.request(idle).Create(s.Context(), c)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newRequests(t)
			idle, over := s.begin(1, "ada"), s.begin(3, "ada")
			busy := s.touched(idle, 1)
			s.now = goldenTime.Add(35 * time.Minute)
			s.opens("idle", idle, 1, stores.ErrNotFound)
			s.opens("busy", busy, 1, nil)
			if err := end(s, idle); err != nil {
				t.Fatal(err)
			}
			s.opens("busy, after the end", busy, 1, stores.ErrNotFound)
			if want := []time.Duration{12*time.Hour - 35*time.Minute + time.Minute}; !slices.Equal(s.marks.ended, want) {
				t.Errorf("marks are kept for %v, want %v", s.marks.ended, want)
			}

			// After the deadline no copy is accepted, so no mark is needed.
			s.now = goldenTime.Add(12 * time.Hour)
			s.marks.ended = nil
			s.fails("Delete after the deadline", s.request(over).Delete(t.Context(), stores.ID{3}, stores.Condition{}), stores.ErrNotFound)
			c := spec(4, "ada")
			c.Replaces = []stores.Replaced{{ID: stores.ID{3}, MayBeGone: true}}
			if _, err := s.request(over).Create(t.Context(), c); err != nil {
				t.Error(err)
			}
			if len(s.marks.ended) != 0 {
				t.Errorf("after the deadline: marks are kept for %v, want none", s.marks.ended)
			}
		})
	}
}

// The mark of an ended session is kept until the deadline of every copy has
// passed, and no longer.
func TestMarksLastAsLongAsACopy(t *testing.T) {
	update := func(s *requests, value string, u stores.Update) string {
		u.ID, u.Version, u.Payload = stores.ID{1}, 1, []byte("y")
		request := s.request(value)
		if _, err := request.Update(s.Context(), u); err != nil {
			s.Fatal(err)
		}
		return string(request.AppendValue(nil, stores.ID{1}))
	}
	for _, identity := range []string{"ada", ""} {
		for name, change := range map[string]func(s *requests, value string) string{
			"as it began": func(_ *requests, value string) string { return value },
			"extended":    func(s *requests, value string) string { return s.touched(value, 1) },
			"shortened: the copy from before lasts": func(s *requests, value string) string {
				return update(s, value, stores.Update{Absolute: time.Minute, Shorten: true})
			},
			"L2 lengthened, which is not done": func(s *requests, value string) string {
				return update(s, value, stores.Update{Absolute: 30 * 24 * time.Hour})
			},
		} {
			t.Run("R1 R11 "+name, func(t *testing.T) {
				s := newRequests(t)
				first := s.begin(1, identity)
				value := change(s, first)
				last := goldenTime.Add(12 * time.Hour)
				if r, err := s.request(value).Load(t.Context(), stores.ID{1}); err != nil || r.Deadline.After(last) {
					t.Errorf("got deadline %v, %v, want %v at most", r.Deadline, err, last)
				}
				if err := s.request(value).Delete(t.Context(), stores.ID{1}, stores.Condition{}); err != nil {
					t.Fatal(err)
				}
				if want := []time.Duration{last.Sub(s.now) + time.Minute}; !slices.Equal(s.marks.ended, want) {
					t.Errorf("marks are kept for %v, want %v", s.marks.ended, want)
				}
				s.opens("the first copy", first, 1, stores.ErrNotFound)
			})
		}
	}
	t.Run("a copy that was shortened and is over", func(t *testing.T) {
		s := newRequests(t)
		first := s.begin(1, "ada")
		short := update(s, first, stores.Update{Absolute: time.Minute, Shorten: true})
		s.now = s.now.Add(2 * time.Minute)
		s.opens("shortened", short, 1, stores.ErrNotFound)
		s.opens("from before", first, 1, nil)
		s.fails("Delete", s.request(short).Delete(t.Context(), stores.ID{1}, stores.Condition{}), stores.ErrNotFound)
		s.opens("from before, after the end", first, 1, stores.ErrNotFound)
	})
}

// A request whose session was revoked while it ran must not continue that
// session.
func TestRevokedMeanwhile(t *testing.T) {
	revoke := func(s *requests) {
		if _, err := s.newRequest().RevokeIdentity(s.Context(), "ada", stores.ID{}); err != nil {
			s.Fatal(err)
		}
	}
	mark := func(s *requests) int64 {
		st, err := s.marks.Revocations.Check(s.Context(), stores.ID{}, "ada")
		if err != nil {
			s.Fatal(err)
		}
		return st.Mark
	}
	for name, do := range map[string]func(s *requests, request stores.RequestStore) error{
		"update": func(s *requests, request stores.RequestStore) error {
			_, err := request.Update(s.Context(), stores.Update{ID: stores.ID{1}, Version: 1})
			return err
		},
		"delete": func(s *requests, request stores.RequestStore) error {
			return request.Delete(s.Context(), stores.ID{1}, stores.Condition{})
		},
		"carry on as another session": func(s *requests, request stores.RequestStore) error {
			c := spec(2, "ada")
			c.Replaces = []stores.Replaced{{ID: stores.ID{1}, Version: 1}}
			_, err := request.Create(s.Context(), c)
			return err
		},
		"carry on as another user": func(s *requests, request stores.RequestStore) error {
			c := spec(2, "eve")
			c.Replaces = []stores.Replaced{{ID: stores.ID{1}, Version: 1}}
			_, err := request.Create(s.Context(), c)
			return err
		},
		"revoke the others": func(s *requests, request stores.RequestStore) error {
			before := mark(s)
			_, err := request.RevokeIdentity(s.Context(), "ada", stores.ID{1})
			if after := mark(s); after != before {
				s.Errorf("the mark is %d, want %d still: the owner has signed in under it", after, before)
			}
			return err
		},
	} {
		t.Run("R2 "+name, func(t *testing.T) {
			s := newRequests(t)
			value := s.begin(1, "ada")
			request := s.request(value)
			if _, err := request.Load(t.Context(), stores.ID{1}); err != nil {
				t.Fatal(err)
			}
			revoke(s)
			owner := s.begin(7, "ada")
			s.fails(name, do(s, request), stores.ErrNotFound)
			s.opens("the session", string(request.AppendValue(nil, stores.ID{1})), 1, stores.ErrNotFound)
			if v := request.AppendValue(nil, stores.ID{2}); v != nil {
				t.Error("it carries on as another session")
			}
			s.opens("the owner's new one", owner, 7, nil)
			if len(s.marks.ended) > 0 {
				t.Errorf("marks are kept for %v, want none: the identity's mark stands for them", s.marks.ended)
			}
		})
	}
	t.Run("R2 R3 revoke the others at the same time as the owner", func(t *testing.T) {
		s := newRequests(t)
		request := s.request(s.begin(1, "ada"))
		s.marks.before = func() { revoke(s) }
		_, err := request.RevokeIdentity(t.Context(), "ada", stores.ID{1})
		s.fails("RevokeIdentity", err, stores.ErrNotFound)
		_, err = request.Update(t.Context(), stores.Update{ID: stores.ID{1}, Version: 1})
		s.fails("Update after it", err, stores.ErrNotFound)
		if v := request.AppendValue(nil, stores.ID{1}); v != nil {
			s.opens("the thief's session", string(v), 1, stores.ErrNotFound)
		}
	})
	t.Run("R3 revoke the others again and again", func(t *testing.T) {
		s := newRequests(t)
		value := s.begin(1, "ada")
		for version := int64(1); version < 4; version++ {
			request := s.request(value)
			if _, err := request.RevokeIdentity(t.Context(), "ada", stores.ID{1}); err != nil {
				t.Fatal(err)
			}
			if _, err := request.Update(t.Context(), stores.Update{ID: stores.ID{1}, Version: version}); err != nil {
				t.Fatal(err)
			}
			before := value
			value = string(request.AppendValue(nil, stores.ID{1}))
			s.opens("written again", value, 1, nil)
			s.opens("from before", before, 1, stores.ErrNotFound)
		}
	})
	t.Run("R2 marks that do not tell the one before", func(t *testing.T) {
		s := newRequests(t)
		s.marks.Revocations = forgetful{s.marks.Revocations}
		revoke(s)
		request := s.request(s.begin(1, "ada"))
		_, err := request.RevokeIdentity(t.Context(), "ada", stores.ID{1})
		s.fails("RevokeIdentity", err, stores.ErrNotFound)
	})
}

// forgetful does not set Revoked.Before.
type forgetful struct{ stores.Revocations }

func (f forgetful) RevokeIdentity(ctx context.Context, identity string, name int64) (stores.Revoked, error) {
	r, err := f.Revocations.RevokeIdentity(ctx, identity, name)
	r.Before = 0
	return r, err
}
