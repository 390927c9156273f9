package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// anyCalls are the calls of a session that handlers may make in any order.
func anyCalls() []handler[account] {
	return []handler[account]{
		increment, destroy[account], renew[account], start(account{ID: "u1"}), start(account{ID: "u2"}),
		moveTo("u3"), moveTo("u1"), reauthenticate("pwd"), remember(true), remember(false),
		func(_ context.Context, s *humasess.Session[account]) error { return s.SetTTL(time.Minute) },
		func(_ context.Context, s *humasess.Session[account]) error { _, err := s.CSRFToken(); return err },
		func(ctx context.Context, s *humasess.Session[account]) error { return s.Commit(ctx) },
		func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.List(ctx); return err },
		func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		},
		func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.RevokeAll(ctx); return err },
		func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, s.ID()) },
		func(_ context.Context, s *humasess.Session[account]) error {
			s.Get()
			s.Done()
			s.ExpiresAt()
			s.Deadline()
			s.CreatedAt()
			s.Authentication()
			return s.RequireFresh(time.Hour)
		},
		func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.N++; return errors.New("refused") })
		},
		func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { *a = account{}; return nil })
		},
	}
}

// TestSharedValues makes any calls in any order. The rig checks afterwards that they
// have left the values that requests share alone.
func TestSharedValues(t *testing.T) {
	calls := anyCalls()
	for name, edit := range map[string]func(*humasess.Options[account]){
		"plain":       func(*humasess.Options[account]) {},
		"CSRF tokens": func(o *humasess.Options[account]) { o.CSRFHeader = csrfHeader },
		"rotation":    func(o *humasess.Options[account]) { o.RotateEvery, o.RotationGrace = time.Minute, time.Second },
		"limit":       func(o *humasess.Options[account]) { o.MaxPerIdentity = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			o := accountOptions()
			edit(&o)
			r := newRig(t, o)
			failed := errors.New("the connection broke")
			for _, op := range []humasesstest.Op{humasesstest.OpUpdate, humasesstest.OpCreate, humasesstest.OpDelete} {
				r.store.Before(op, func(context.Context) error {
					switch rand.IntN(20) {
					case 0:
						return failed
					case 1:
						return stores.ErrConflict
					case 2:
						return stores.ErrNotFound
					}
					return nil
				})
			}
			for range 40 {
				c := r.client()
				if rand.IntN(3) > 0 {
					if cookie, err := r.sessions.Issue(t.Context(), account{ID: "u1"}); err == nil {
						c.SetCookie(cookie)
					}
				}
				r.clock.Advance(time.Duration(rand.IntN(300)) * time.Second)
				var several string
				if rand.IntN(4) == 0 {
					for i := range rand.IntN(18) {
						if cookie, err := r.sessions.Issue(t.Context(), account{ID: fmt.Sprint("u", i)}); err == nil {
							several += cookie.Name + "=" + cookie.Value + "; "
						}
					}
				}
				var running []racing
				for range 3 {
					path := []string{"/call", "/login", "/required"}[rand.IntN(3)]
					var steps []handler[account]
					for range 1 + rand.IntN(6) {
						steps = append(steps, calls[rand.IntN(len(calls))])
					}
					end := rand.IntN(6)
					running = append(running, inBackground(func() (w *httptest.ResponseRecorder) {
						defer func() { _ = recover() }()
						return r.send(c, path, func(ctx context.Context, s *humasess.Session[account]) error {
							var all sync.WaitGroup
							for _, step := range steps {
								if end == 1 {
									all.Go(func() { _ = step(ctx, s) })
									continue
								}
								_ = step(ctx, s)
							}
							all.Wait()
							switch end {
							case 2:
								panic("the handler's own")
							case 3:
								return errors.New("refused")
							}
							return nil
						}, func(req *http.Request) {
							if several != "" {
								req.Header.Set("Cookie", several)
							}
						})
					}))
				}
				for _, each := range running {
					each.wait()
				}
			}
		})
	}
}
