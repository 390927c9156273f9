package humasess_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// process is a manager on a store that others share, with the time of a
// synctest bubble.
type process struct {
	t        *testing.T
	store    *humasesstest.Store
	sessions *humasess.Manager[account]
	mux      *http.ServeMux
	events   *eventLog
	calls    chan handler[account]
}

// hintless hides the capabilities of a store, except its index.
type hintless struct{ stores.Index }

func newProcess(t *testing.T, shared stores.Index, change ...func(*humasess.Options[account])) *process {
	t.Helper()
	p := &process{
		t: t, store: humasesstest.Wrap(shared), mux: http.NewServeMux(),
		events: &eventLog{}, calls: make(chan handler[account], 1),
	}
	opts := accountOptions()
	opts.Logger, opts.OnEvent = slog.New(slog.DiscardHandler), p.events.add
	for _, f := range change {
		f(&opts)
	}
	var err error
	if p.sessions, err = humasess.New(p.store, &opts); err != nil {
		t.Fatalf("New: %v", err)
	}
	api := humago.New(p.mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := p.sessions.Attach(api); err != nil {
		t.Fatalf("Attach: %v", err)
	}
	type input struct{ humasess.Session[account] }
	huma.Post(api, "/call", func(ctx context.Context, in *input) (*struct{}, error) {
		return nil, (<-p.calls)(ctx, &in.Session)
	})
	type login struct{ humasess.Login[account] }
	huma.Post(api, "/login", func(_ context.Context, in *login) (*struct{}, error) {
		return nil, in.Session.Start(account{ID: "ada"})
	})
	p.mux.Handle("/plain", p.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := humasess.From[account](req.Context())
		if err := (<-p.calls)(req.Context(), s); err != nil {
			w.WriteHeader(http.StatusTeapot)
		}
	})))
	return p
}

// within runs the test in a bubble whose processes share a store without
// hints, and stops their background work before it ends.
func within(t *testing.T, f func(t *testing.T, here, there *process), change ...func(*humasess.Options[account])) {
	t.Helper()
	withinOn(t, func(s *memory.Store) stores.Index { return hintless{s} }, f, change...)
}

// hinted is within on a store with hints.
func hinted(t *testing.T, f func(t *testing.T, here, there *process), change ...func(*humasess.Options[account])) {
	t.Helper()
	withinOn(t, func(s *memory.Store) stores.Index { return s }, f, change...)
}

func withinOn(t *testing.T, wrap func(*memory.Store) stores.Index, f func(t *testing.T, here, there *process),
	change ...func(*humasess.Options[account]),
) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New(nil)
		here, there := newProcess(t, wrap(store), change...), newProcess(t, wrap(store), change...)
		f(t, here, there)
		for _, p := range []*process{here, there} {
			if err := p.sessions.Close(context.Background()); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if err := store.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// in runs f as the handler of a request with the client's cookies.
func (p *process) in(c *humasesstest.Client, f handler[account]) int {
	p.calls <- f
	return c.Do(http.MethodPost, "/call", nil).Code
}

func (p *process) client(cookie *http.Cookie) *humasesstest.Client {
	c := humasesstest.NewClient(p.mux)
	c.SetCookie(cookie)
	return c
}

// login returns the cookie of a new session.
func (p *process) login(id string) *http.Cookie {
	p.t.Helper()
	return humasesstest.Login(p.t, p.sessions, account{ID: id})
}

// waiting is a request that goes on until its session has ended.
type waiting struct {
	over  atomic.Bool
	leave chan struct{}
	id    string
	done  <-chan struct{}
}

// wait begins a request that waits for Done, and returns when it waits and
// the store was asked about it.
func (p *process) wait(cookie *http.Cookie) *waiting {
	s, c := &waiting{leave: make(chan struct{})}, p.client(cookie)
	go p.in(c, func(_ context.Context, in *humasess.Session[account]) error {
		s.id, s.done = in.ID(), in.Done()
		select {
		case <-s.done:
			s.over.Store(true)
		case <-s.leave:
		}
		return nil
	})
	synctest.Wait()
	return s
}

func wantOver(t *testing.T, s *waiting, want bool, when string) {
	t.Helper()
	synctest.Wait()
	if got := s.over.Load(); got != want {
		t.Errorf("Done is closed %s: got %v, want %v", when, got, want)
	}
}

func (s *waiting) end() {
	if !s.over.Load() {
		close(s.leave)
		synctest.Wait()
	}
}

// ends are the roads on which another request ends a session. Each is given
// the process that does it, and the cookie and the ID of the session.
var ends = []struct {
	name string
	end  func(t *testing.T, p *process, cookie *http.Cookie, id string)
}{
	{"Destroy", func(_ *testing.T, p *process, c *http.Cookie, _ string) { p.in(p.client(c), destroy) }},
	{"Destroy with Commit", func(t *testing.T, p *process, c *http.Cookie, _ string) {
		p.in(p.client(c), func(ctx context.Context, s *humasess.Session[account]) error {
			return errors.Join(s.Destroy(), s.Commit(ctx))
		})
	}},
	{"Start over it", func(_ *testing.T, p *process, c *http.Cookie, _ string) {
		p.in(p.client(c), start(account{ID: "ada"}))
	}},
	{"change of identity", func(_ *testing.T, p *process, c *http.Cookie, _ string) {
		p.in(p.client(c), func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "bob"; return nil })
		})
	}},
	{"Revoke of itself", func(_ *testing.T, p *process, c *http.Cookie, id string) {
		p.in(p.client(c), func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, id) })
	}},
	{"Revoke by another one", func(_ *testing.T, p *process, _ *http.Cookie, id string) {
		p.in(p.client(p.login("ada")), func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, id) })
	}},
	{"RevokeOthers by another one", func(_ *testing.T, p *process, _ *http.Cookie, _ string) {
		p.in(p.client(p.login("ada")), func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		})
	}},
	{"RevokeAll", func(_ *testing.T, p *process, c *http.Cookie, _ string) {
		p.in(p.client(c), func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeAll(ctx)
			return err
		})
	}},
	{"Manager.Revoke", func(t *testing.T, p *process, _ *http.Cookie, id string) {
		if err := p.sessions.Revoke(t.Context(), id); err != nil {
			t.Error(err)
		}
	}},
	{"Manager.RevokeIdentity", func(t *testing.T, p *process, _ *http.Cookie, _ string) {
		if n, err := p.sessions.RevokeIdentity(t.Context(), "ada"); n != 1 || err != nil {
			t.Errorf("got %d revoked and error %v, want 1", n, err)
		}
	}},
	{"Manager.RevokeWhere", func(t *testing.T, p *process, _ *http.Cookie, id string) {
		n, err := p.sessions.RevokeWhere(t.Context(), "ada", func(i humasess.Info[account]) bool { return i.ID == id })
		if n != 1 || err != nil {
			t.Errorf("got %d revoked and error %v, want 1", n, err)
		}
	}},
	{"eviction", func(_ *testing.T, p *process, _ *http.Cookie, _ string) {
		p.login("ada")
		p.login("ada")
	}},
	{"reuse of a token", func(t *testing.T, p *process, c *http.Cookie, _ string) {
		holder := p.client(c)
		p.in(holder, renew)
		p.in(holder, nothing)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		p.in(p.client(c), nothing)
	}},
}

func endOptions(o *humasess.Options[account]) { o.MaxPerIdentity, o.RevokeReused = 2, true }

// TestDone ends a session on each road, in the process that waits and in
// another one.
func TestDone(t *testing.T) {
	for _, tt := range ends {
		t.Run(tt.name+" here", func(t *testing.T) {
			within(t, func(t *testing.T, here, _ *process) {
				cookie := here.login("ada")
				s, other := here.wait(cookie), here.wait(here.login("eve"))
				defer other.end()
				wantOver(t, s, false, "before the end")
				begin := time.Now()
				tt.end(t, here, cookie, s.id)
				wantOver(t, s, true, "at once")
				wantOver(t, other, false, "of another user")
				if took := time.Since(begin); took > 11*time.Second {
					t.Errorf("took %v", took)
				}
			}, endOptions)
		})
		t.Run("R13 "+tt.name+" elsewhere", func(t *testing.T) {
			within(t, func(t *testing.T, here, there *process) {
				cookie := here.login("ada")
				s, other := here.wait(cookie), here.wait(here.login("eve"))
				defer other.end()
				tt.end(t, there, cookie, s.id)
				wantOver(t, s, false, "without a hint")
				time.Sleep(15 * time.Second)
				wantOver(t, s, true, "after DoneInterval")
				wantOver(t, other, false, "of another user")
			}, endOptions)
		})
		t.Run("R13 "+tt.name+" elsewhere, with a hint", func(t *testing.T) {
			hinted(t, func(t *testing.T, here, there *process) {
				cookie := here.login("ada")
				s, other := here.wait(cookie), here.wait(here.login("eve"))
				defer other.end()
				tt.end(t, there, cookie, s.id)
				wantOver(t, s, true, "at once")
				wantOver(t, other, false, "of another user")
			}, endOptions, func(o *humasess.Options[account]) { o.DoneInterval = time.Hour })
		})
	}
}

// TestDoneAfterRevokeEverything ends all that wait, in both processes.
func TestDoneAfterRevokeEverything(t *testing.T) {
	hinted(t, func(t *testing.T, here, there *process) {
		ada, eve := here.wait(here.login("ada")), there.wait(here.login("eve"))
		if n, err := here.sessions.RevokeEverything(t.Context()); n != 2 || err != nil {
			t.Errorf("got %d revoked and error %v, want 2", n, err)
		}
		wantOver(t, ada, true, "here")
		wantOver(t, eve, true, "there")
	}, func(o *humasess.Options[account]) { o.DoneInterval = time.Hour })
}
