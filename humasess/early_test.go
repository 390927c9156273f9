package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// startThen signs in and goes on.
func startThen(id string, next handler[account]) handler[account] {
	return func(ctx context.Context, s *humasess.Session[account]) error {
		if err := s.Start(account{ID: id}); err != nil {
			return err
		}
		return next(ctx, s)
	}
}

func list(ctx context.Context, s *humasess.Session[account]) error { _, err := s.List(ctx); return err }

// TestEarlyWrite writes the new session of a login before its response, because
// List and RevokeOthers ask for it.
func TestEarlyWrite(t *testing.T) {
	refuse := func(ctx context.Context, s *humasess.Session[account]) error {
		return errors.Join(list(ctx, s), huma.Error403Forbidden("too many devices"))
	}
	for name, limit := range map[string]int{"": 0, ", with one session for each user": 1} {
		setup := func(t *testing.T) (*rig[account], *humasesstest.Client, string) {
			opts := accountOptions()
			opts.MaxPerIdentity = limit
			r := newRig(t, opts)
			c := r.signedIn(account{ID: "u1"})
			return r, c, token(c)
		}
		t.Run("a login that fails after it leaves the old session"+name, func(t *testing.T) {
			for what, tt := range map[string]struct {
				do   handler[account]
				want int
			}{
				"the handler refuses": {refuse, 403}, "the store fails": {revokeOthers, 503},
			} {
				r, c, old := setup(t)
				if tt.want == http.StatusServiceUnavailable {
					r.store.Fail(humasesstest.OpRevokeIdentity, stores.ErrFull)
				}
				w := r.loginCall(c, startThen("u1", tt.do))
				wantStatus(t, w, tt.want)
				wantCookies(t, w, 0)
				r.wantActive(r.withToken(old), true)
				if all, err := r.sessions.List(t.Context(), "u1"); len(all) != 1 || err != nil {
					t.Errorf("%s: got %d sessions, %v, want the old one", what, len(all), err)
				}
			}
		})
		t.Run("a login that succeeds ends the old session"+name, func(t *testing.T) {
			for what, do := range map[string]handler[account]{"List": list, "RevokeOthers": revokeOthers} {
				r, c, old := setup(t)
				wantStatus(t, r.loginCall(c, startThen("u1", do)), http.StatusNoContent)
				r.wantActive(c, true)
				r.wantDead(old)
				if all, err := r.sessions.List(t.Context(), "u1"); len(all) != 1 || err != nil {
					t.Errorf("%s: got %d sessions, %v, want the new one", what, len(all), err)
				}
			}
		})
		t.Run("a login that signs out again ends both"+name, func(t *testing.T) {
			for _, status := range []int{204, 403} {
				r, c, old := setup(t)
				w := r.loginCall(c, startThen("u1", func(ctx context.Context, s *humasess.Session[account]) error {
					if err := errors.Join(list(ctx, s), s.Destroy()); err != nil || status == 204 {
						return err
					}
					return huma.NewError(status, "no")
				}))
				wantStatus(t, w, status)
				r.wantDead(old)
				if all, err := r.sessions.List(t.Context(), "u1"); len(all) != 0 || err != nil {
					t.Errorf("got %d sessions, %v, want none", len(all), err)
				}
			}
		})
	}
	t.Run("a login whose old session cannot be ended fails", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		r.store.Fail(humasesstest.OpDelete, stores.ErrFull)
		wantStatus(t, r.loginCall(c, startThen("u2", list)), http.StatusServiceUnavailable)
		r.store.Fail(humasesstest.OpDelete, nil)
		r.wantActive(r.withToken(old), true)
	})
}

// fallible is a sealer without AppendSeal that can fail, as one on a remote key
// service.
type fallible struct {
	inner  security.Sealer
	failed bool
}

func (f *fallible) Seal(plain []byte, b security.Binding) (string, error) {
	if f.failed {
		return "", errDown
	}
	return f.inner.Seal(plain, b)
}

func (f *fallible) Open(text string, b security.Binding) ([]byte, bool, error) {
	return f.inner.Open(text, b)
}

// TestSealFails cannot seal the token of the cookie: nothing may have changed.
func TestSealFails(t *testing.T) {
	for name, do := range map[string]handler[account]{
		"Start": start(account{ID: "u2"}), "another user by Update": moveTo("u2"), "RevokeOthers": revokeOthers,
		"Renew": renew[account], "Remember": func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(true) },
		"Reauthenticated": func(_ context.Context, s *humasess.Session[account]) error { return s.Reauthenticated("pwd") },
	} {
		t.Run(name, func(t *testing.T) {
			f := &fallible{inner: aead(t, newKey(t))}
			opts := accountOptions()
			opts.Sealer = f
			r := newRig(t, opts)
			c := r.signedIn(account{ID: "u1"})
			old := token(c)
			f.failed = true
			w := r.loginCall(c, do)
			f.failed = false
			wantStatus(t, w, http.StatusServiceUnavailable)
			wantCookies(t, w, 0)
			r.wantActive(r.withToken(old), true)
			if all, err := r.sessions.List(t.Context(), "u2"); len(all) != 0 || err != nil {
				t.Errorf("got %d new sessions, %v, want none", len(all), err)
			}
		})
	}
}

// replacesNot is a store of before Create.Replaces and Create.Age.
type replacesNot struct{ *memory.Store }

func (s replacesNot) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	c.Replaces, c.Age = nil, 0
	created, err := s.Store.Create(ctx, c)
	created.Replaced = false
	return created, err
}

// TestStoreThatReplacesNothing signs in over a session when an answer is lost.
func TestStoreThatReplacesNothing(t *testing.T) {
	for _, op := range []humasesstest.Op{humasesstest.OpCreate, humasesstest.OpDelete} {
		t.Run(fmt.Sprint("the answer to ", op, " is lost"), func(t *testing.T) {
			r := newRigOn(t, accountOptions(), replacesNot{memory.New(nil)}, huma.DefaultConfig("Test", "1"))
			c := r.signedIn(account{ID: "u1"})
			old := token(c)
			lost := false
			r.store.After(op, func(context.Context) error {
				if lost {
					return nil
				}
				lost = true
				return errDown
			})
			wantStatus(t, r.loginCall(c, start(account{ID: "u1"})), http.StatusNoContent)
			r.wantActive(c, true)
			r.wantDead(old)
		})
	}
}
