package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
)

// askedGuard calls the function of the test.
type askedGuard struct{}

var _ humasess.Guard[account] = askedGuard{}

var askGuard func(ctx context.Context, a account) error

func (askedGuard) Check(ctx huma.Context, a account) error { return askGuard(ctx.Context(), a) }

// readAll calls the methods that read a session.
func readAll(s *humasess.Session[account]) {
	if a, ok := s.Get(); ok && len(a.Roles) > 0 {
		a.Roles[0] = "guard's own"
	}
	_ = []any{s.ID(), s.CreatedAt(), s.ExpiresAt(), s.Deadline(), s.Authentication(), s.Reason(), s.Carrier(), s.String(), s.Active()}
}

// TestFromKeptByGuard reads the guard's session and context in other goroutines, while
// the handler changes the session and after the request.
func TestFromKeptByGuard(t *testing.T) {
	r := newRig(t, accountOptions())
	var running sync.WaitGroup
	stop := make(chan struct{})
	askGuard = func(ctx context.Context, _ account) error {
		kept, _ := humasess.From[account](ctx)
		running.Go(func() {
			for {
				s, ok := humasess.From[account](ctx)
				if !ok {
					t.Error("From found nothing")
				}
				readAll(s)
				readAll(kept)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		return nil
	}
	guarded[askedGuard](r.api, http.MethodPost, "/asked", func(ctx context.Context, s *humasess.Session[account]) error {
		a, _ := s.Get()
		a.Roles[0] = "handler's own"
		change := func(a *account) error { a.Roles[0] = "changed"; a.N++; return nil }
		if err := errors.Join(s.Update(change), s.Reauthenticated("otp"), s.Commit(ctx), s.Update(change), s.Commit(ctx)); err != nil {
			return err
		}
		if _, err := r.sessions.RevokeIdentity(ctx, a.ID); err != nil {
			return err
		}
		if _, err := s.List(ctx); !errors.Is(err, humasess.ErrRevoked) {
			t.Errorf("List: got %v, want ErrRevoked", err)
		}
		return nil
	})
	for range 30 {
		c := r.signedIn(account{ID: "u1", Roles: []string{"admin"}})
		wantStatus(t, c.Do(http.MethodPost, "/asked", nil), http.StatusNoContent)
	}
	close(stop)
	running.Wait()
}

// TestFromInGuardAskedAgain calls what a guard may call while the session is written.
func TestFromInGuardAskedAgain(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1", Roles: []string{"admin"}})
	times := 0
	askGuard = func(ctx context.Context, a account) error {
		times++
		s, _ := humasess.From[account](ctx)
		other := make(chan struct{})
		go func() {
			defer close(other)
			again, _ := humasess.From[account](ctx)
			readAll(again)
		}()
		<-other
		select {
		case <-s.Done():
		default:
			t.Error("Done is open in a guard")
		}
		if got, _ := s.Get(); got.N != a.N || got.Roles[0] != "admin" {
			t.Errorf("Get: got %+v, want %+v", got, a)
		}
		infos, err := s.List(ctx)
		if err != nil || len(infos) != 1 || !infos[0].Current {
			t.Errorf("List: got %v, %v", infos, err)
		}
		if err := s.RequireFresh(1e12); err != nil {
			t.Errorf("RequireFresh: %v", err)
		}
		if _, err := s.CSRFToken(); err == nil {
			t.Error("CSRFToken made a key in a guard")
		}
		if _, err := r.sessions.RevokeWhere(ctx, "u1", func(humasess.Info[account]) bool { return false }); err != nil {
			t.Errorf("RevokeWhere: %v", err)
		}
		if _, err := r.sessions.RevokeIdentity(ctx, "u2"); err != nil {
			t.Errorf("RevokeIdentity: %v", err)
		}
		if _, err := r.sessions.UpdateIdentity(ctx, "u2", func(*account) error { return nil }); err != nil {
			t.Errorf("UpdateIdentity: %v", err)
		}
		if err := s.Commit(ctx); !isInvalid(err) {
			t.Errorf("Commit: got %v", err)
		}
		return nil
	}
	guarded[askedGuard](r.api, http.MethodPost, "/asked", func(ctx context.Context, s *humasess.Session[account]) error {
		r.must(r.withToken(token(c)), increment)
		return increment(ctx, s)
	})
	wantStatus(t, c.Do(http.MethodPost, "/asked", nil), http.StatusNoContent)
	if got, _ := r.data(c); got.N != 2 || times != 2 {
		t.Errorf("got %+v after %d calls of the guard, want both changes and 2", got, times)
	}
}

// TestFromInNestedGuardReason has an outer handler that has learned that the session ended.
func TestFromInNestedGuardReason(t *testing.T) {
	r := newRig(t, accountOptions())
	var in events.Reason
	var kept *humasess.Session[account]
	askGuard = func(ctx context.Context, _ account) error {
		kept, _ = humasess.From[account](ctx)
		in = kept.Reason()
		_, err := kept.List(ctx)
		if err == nil {
			t.Error("List works for a session that has ended")
		}
		return nil
	}
	guarded[askedGuard](r.api, http.MethodPost, "/asked", nothing[account])
	var live events.Reason
	outer := r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := humasess.From[account](req.Context())
		if _, err := r.sessions.RevokeIdentity(req.Context(), "u1"); err != nil {
			t.Error(err)
		}
		if _, err := s.List(req.Context()); !errors.Is(err, humasess.ErrRevoked) {
			t.Errorf("List: got %v, want ErrRevoked", err)
		}
		live = s.Reason()
		r.mux.ServeHTTP(w, req)
	}))
	c := r.signedIn(account{ID: "u1"})
	direct := r.mux
	r.mux = http.NewServeMux()
	r.mux.Handle("/", outer)
	through := r.withToken(token(c))
	r.mux = direct
	wantStatus(t, through.Do(http.MethodPost, "/asked", nil), http.StatusNoContent)
	if live != events.ReasonRevoked || in != live {
		t.Errorf("reason in the guard: got %q, want that of the handler, %q", in, live)
	}
}

// TestFromInNestedGuardStarted lists in a guard a session that is not written.
func TestFromInNestedGuardStarted(t *testing.T) {
	r := newRig(t, accountOptions())
	var listed error
	askGuard = func(ctx context.Context, a account) error {
		s, _ := humasess.From[account](ctx)
		if got, _ := s.Get(); got.ID != a.ID || a.ID != "u1" {
			t.Errorf("got %+v", got)
		}
		before, _ := r.sessions.Count(ctx)
		_, listed = s.List(ctx)
		if after, _ := r.sessions.Count(ctx); after != before {
			t.Errorf("got %d sessions, want %d", after, before)
		}
		return nil
	}
	guarded[askedGuard](r.api, http.MethodPost, "/asked", nothing[account])
	inner := r.mux
	outer := http.NewServeMux()
	outer.Handle("/", r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := humasess.From[account](req.Context())
		if err := s.Start(account{ID: "u1"}); err != nil {
			t.Error(err)
		}
		inner.ServeHTTP(w, req)
	})))
	r.mux = outer
	c := r.client()
	wantStatus(t, c.Do(http.MethodPost, "/asked", nil), http.StatusNoContent)
	r.mux = inner
	if !isInvalid(listed) {
		t.Errorf("List: got %v, want ErrInvalid, because it would write the session", listed)
	}
}
