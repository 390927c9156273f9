package humasess_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// racing is a request that runs beside the test.
type racing struct {
	answer chan *httptest.ResponseRecorder
}

func inBackground(f func() *httptest.ResponseRecorder) racing {
	r := racing{make(chan *httptest.ResponseRecorder, 1)}
	go func() { r.answer <- f() }()
	return r
}

func (r racing) wait() *httptest.ResponseRecorder { return <-r.answer }

// slowly is a handler that does its work and then waits before it answers.
type slowly struct{ arrived, leave chan struct{} }

func newSlowly() slowly { return slowly{make(chan struct{}), make(chan struct{})} }

func (s slowly) after(f handler[account]) handler[account] {
	return func(ctx context.Context, session *humasess.Session[account]) error {
		err := f(ctx, session)
		close(s.arrived)
		<-s.leave
		return err
	}
}

// newCountedRig also returns the store inside, which knows how many sessions
// there are.
func newCountedRig(t *testing.T, opts humasess.Options[account]) (*rig[account], *memory.Store) {
	t.Helper()
	inner := memory.New(nil)
	return newRigOn(t, opts, inner, huma.DefaultConfig("Test", "1.0.0")), inner
}

// wantDead checks that no token of these opens anything.
func (r *rig[T]) wantDead(tokens ...string) {
	r.t.Helper()
	for i, value := range tokens {
		if _, ok := r.data(r.withToken(value)); ok {
			r.t.Errorf("token %d of %d is alive, want it dead", i+1, len(tokens))
		}
	}
}

// live returns the tokens that a response sets.
func live(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	var tokens []string
	for _, c := range w.Result().Cookies() {
		if c.Name == cookieName && c.Value != "" {
			tokens = append(tokens, c.Value)
		}
	}
	return tokens
}

func TestResurrection(t *testing.T) {
	writers := []struct {
		name string
		path string
		do   handler[account]
		op   humasesstest.Op // its first write
		late int             // its answer when the session is gone
		new  bool            // it leaves a session of its own
	}{
		{"update", "/call", increment, humasesstest.OpUpdate, http.StatusUnauthorized, false},
		{"update, session required", "/required", increment, humasesstest.OpUpdate, http.StatusUnauthorized, false},
		{"renew", "/call", renew[account], humasesstest.OpUpdate, http.StatusUnauthorized, false},
		{"remember", "/call", func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(true) },
			humasesstest.OpUpdate, http.StatusUnauthorized, false},
		{"identity change", "/call", func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = "u2"; return nil })
		}, humasesstest.OpCreate, http.StatusUnauthorized, true},
		{"start", "/call", start(account{ID: "u1"}), humasesstest.OpCreate, http.StatusUnauthorized, true},
		{"login", "/login", start(account{ID: "u1"}), humasesstest.OpCreate, http.StatusNoContent, true},
		{"read", "/call", nothing[account], humasesstest.OpTouch, http.StatusNoContent, false},
		{"commit in the handler", "/call", func(ctx context.Context, s *humasess.Session[account]) error {
			if err := increment(ctx, s); err != nil {
				return err
			}
			return s.Commit(ctx)
		}, humasesstest.OpUpdate, http.StatusUnauthorized, false},
	}
	for _, tt := range writers {
		setup := func(t *testing.T) (r *rig[account], inner *memory.Store, c *humasesstest.Client, old string) {
			r, inner = newCountedRig(t, accountOptions())
			c = r.signedIn(account{ID: "u1"})
			r.clock.Advance(idleExtensionDue)
			return r, inner, c, token(c)
		}
		logout := func(r *rig[account], old string) {
			wantStatus(r.t, r.call(r.withToken(old), destroy[account]), http.StatusNoContent)
		}
		// finish checks the result, which must not depend on the order.
		finish := func(r *rig[account], inner *memory.Store, w *httptest.ResponseRecorder, old string, lives bool) {
			r.t.Helper()
			r.wantDead(old)
			tokens := live(r.t, w)
			if lives {
				r.wantActive(r.withToken(tokens[0]), true)
			} else {
				r.wantDead(tokens...)
			}
			want := 0
			if lives {
				want = 1
			}
			if got := kept(t, inner); got != want {
				r.t.Errorf("sessions in the store: got %d, want %d", got, want)
			}
		}
		tooLate := func(r *rig[account], inner *memory.Store, w *httptest.ResponseRecorder, old string) {
			r.t.Helper()
			wantStatus(r.t, w, tt.late)
			lives := tt.late < 400 && tt.new
			if lives {
				wantCookies(r.t, w, 1)
			} else {
				wantCookies(r.t, w, 0)
			}
			finish(r, inner, w, old, lives)
		}
		t.Run("R11 "+tt.name+": logout while the handler runs", func(t *testing.T) {
			r, inner, c, old := setup(t)
			s := newSlowly()
			do := s.after(tt.do)
			if tt.name == "commit in the handler" { // which must not have written by then
				do = func(ctx context.Context, session *humasess.Session[account]) error {
					if err := s.after(increment)(ctx, session); err != nil {
						return err
					}
					return session.Commit(ctx)
				}
			}
			writer := inBackground(func() *httptest.ResponseRecorder { return r.send(c, tt.path, do) })
			<-s.arrived
			logout(r, old)
			close(s.leave)
			tooLate(r, inner, writer.wait(), old)
		})
		t.Run("R11 "+tt.name+": logout just before the write", func(t *testing.T) {
			r, inner, c, old := setup(t)
			arrived, release := r.store.Hold(tt.op)
			writer := inBackground(func() *httptest.ResponseRecorder { return r.send(c, tt.path, tt.do) })
			<-arrived
			logout(r, old)
			release()
			tooLate(r, inner, writer.wait(), old)
		})
		t.Run("R11 "+tt.name+": written while the logout's handler runs", func(t *testing.T) {
			r, inner, c, old := setup(t)
			s := newSlowly()
			leaving := inBackground(func() *httptest.ResponseRecorder { return r.call(r.withToken(old), s.after(destroy[account])) })
			<-s.arrived
			w := r.send(c, tt.path, tt.do)
			wantStatus(t, w, http.StatusNoContent)
			close(s.leave)
			wantStatus(t, leaving.wait(), http.StatusNoContent)
			finish(r, inner, w, old, tt.new)
		})
		t.Run("R11 "+tt.name+": written just before the record is deleted", func(t *testing.T) {
			r, inner, c, old := setup(t)
			arrived, release := r.store.Hold(humasesstest.OpDelete)
			leaving := inBackground(func() *httptest.ResponseRecorder { return r.call(r.withToken(old), destroy[account]) })
			<-arrived
			w := r.send(c, tt.path, tt.do)
			wantStatus(t, w, http.StatusNoContent)
			release()
			wantStatus(t, leaving.wait(), http.StatusNoContent)
			finish(r, inner, w, old, tt.new)
		})
	}
}

// idleExtensionDue is how long after a load a read extends the session.
const idleExtensionDue = 5 * time.Minute

func TestResurrectionStress(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	r, inner := newCountedRig(t, accountOptions())
	work := []handler[account]{increment, renew[account], nothing[account], increment, renew[account]}
	t.Run("R11 in any order, no session is left", func(t *testing.T) {
		late, early := 0, 0
		for range rounds {
			c := r.signedIn(account{ID: "u1"})
			r.clock.Advance(idleExtensionDue)
			old := token(c)
			var writers []racing
			for _, do := range work {
				writers = append(writers, inBackground(func() *httptest.ResponseRecorder { return r.call(r.withToken(old), do) }))
			}
			leaving := inBackground(func() *httptest.ResponseRecorder { return r.call(r.withToken(old), destroy[account]) })
			wantStatus(t, leaving.wait(), http.StatusNoContent)
			given := []string{old}
			for _, w := range writers {
				answer := w.wait()
				switch answer.Code {
				case http.StatusNoContent:
					early++
				case http.StatusUnauthorized:
					late++
				default:
					t.Errorf("status: got %d, want 204 or 401; body %s", answer.Code, answer.Body)
				}
				given = append(given, live(t, answer)...)
			}
			// A writer that had no session any more has started an anonymous one.
			for _, value := range given {
				if data, ok := r.data(r.withToken(value)); ok && data.ID != "" {
					t.Errorf("a token of %q is alive after the logout", data.ID)
				}
			}
			if list, err := r.sessions.List(context.Background(), "u1"); err != nil || len(list) != 0 {
				t.Fatalf("sessions after the logout: got %v, %v, want none", list, err)
			}
		}
		t.Logf("%d writers were in time, %d too late, %d anonymous sessions", early, late, kept(t, inner))
	})
}

func TestParallelUpdates(t *testing.T) {
	const n = 64
	// together runs f n times at once and returns the statuses.
	together := func(f func(i int) *httptest.ResponseRecorder) []int {
		statuses := make([]int, n)
		var wg sync.WaitGroup
		ready := make(chan struct{})
		for i := range n {
			wg.Go(func() {
				<-ready
				statuses[i] = f(i).Code
			})
		}
		close(ready)
		wg.Wait()
		return statuses
	}
	ok := func(statuses []int) int {
		n := 0
		for _, s := range statuses {
			if s == http.StatusNoContent {
				n++
			}
		}
		return n
	}
	t.Run("X1 64 increments of one counter", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		statuses := together(func(int) *httptest.ResponseRecorder { return r.call(c, increment) })
		if got := ok(statuses); got != n {
			t.Errorf("answers with 204: got %d of %d: %v", got, n, statuses)
		}
		if got, _ := r.data(c); got.N != n {
			t.Errorf("counter: got %d, want %d", got.N, n)
		}
	})
	t.Run("X1 64 increments that have all read the same", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		var at atomic.Int32
		all := make(chan struct{})
		statuses := together(func(int) *httptest.ResponseRecorder {
			return r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
				if at.Add(1) == n {
					close(all)
				}
				<-all
				return increment(ctx, s)
			})
		})
		if got, _ := r.data(c); got.N != n || ok(statuses) != n {
			t.Errorf("counter: got %d after %d answers with 204, want %d", got.N, ok(statuses), n)
		}
	})
	t.Run("X1 two fields", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		statuses := together(func(i int) *httptest.ResponseRecorder {
			if i%2 == 0 {
				return r.call(c, increment)
			}
			return r.call(c, func(_ context.Context, s *humasess.Session[account]) error {
				return s.Update(func(a *account) error { a.Note += "x"; return nil })
			})
		})
		if got, _ := r.data(c); got.N != n/2 || len(got.Note) != n/2 || ok(statuses) != n {
			t.Errorf("fields: got %d and %d after %d answers with 204, want %d each", got.N, len(got.Note), ok(statuses), n/2)
		}
	})
	t.Run("X1 with renewals", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		old := token(c)
		statuses := together(func(i int) *httptest.ResponseRecorder {
			do := handler[account](increment)
			if i%8 == 0 {
				do = renew[account]
			}
			return r.call(r.withToken(old), do)
		})
		if got, _ := r.data(r.withToken(old)); got.N != n-n/8 || ok(statuses) != n {
			t.Errorf("counter: got %d after %d answers with 204, want %d", got.N, ok(statuses), n-n/8)
		}
	})
	t.Run("X1 R11 with a change of identity: each client with a 204 is counted", func(t *testing.T) {
		for range 5 {
			r, inner := newCountedRig(t, accountOptions())
			old := token(r.signedIn(account{ID: "u1"}))
			var given atomic.Value
			statuses := together(func(i int) *httptest.ResponseRecorder {
				if i != n/2 {
					return r.requiredCall(r.withToken(old), increment)
				}
				w := r.requiredCall(r.withToken(old), func(_ context.Context, s *humasess.Session[account]) error {
					return s.Update(func(a *account) error { a.ID = "u2"; return nil })
				})
				given.Store(live(t, w))
				return w
			})
			for i, got := range statuses {
				if got != http.StatusNoContent && got != http.StatusUnauthorized {
					t.Errorf("request %d: got %d, want 204 or 401", i, got)
				}
			}
			tokens := given.Load().([]string)
			if len(tokens) != 1 || statuses[n/2] != http.StatusNoContent {
				t.Fatalf("identity change: got %d and %d cookies, want 204 and 1", statuses[n/2], len(tokens))
			}
			got, _ := r.data(r.withToken(tokens[0]))
			if want := ok(statuses) - 1; got.ID != "u2" || got.N != want {
				t.Errorf("new session: got %+v, want u2 with %d", got, want)
			}
			r.wantDead(old)
			if kept(t, inner) != 1 {
				t.Errorf("sessions in the store: got %d, want 1", kept(t, inner))
			}
		}
	})
	t.Run("R6 5 of 64 parallel logins stay", func(t *testing.T) {
		opts := accountOptions()
		opts.MaxPerIdentity = 5
		r, inner := newCountedRig(t, opts)
		var mu sync.Mutex
		var tokens []string
		statuses := together(func(int) *httptest.ResponseRecorder {
			w := r.loginCall(r.client(), start(account{ID: "u1"}))
			mu.Lock()
			defer mu.Unlock()
			tokens = append(tokens, live(t, w)...)
			return w
		})
		if ok(statuses) != n {
			t.Errorf("answers with 204: got %d of %d", ok(statuses), n)
		}
		alive := slices.DeleteFunc(tokens, func(value string) bool { _, ok := r.data(r.withToken(value)); return !ok })
		list, err := r.sessions.List(context.Background(), "u1")
		if err != nil || len(list) != 5 || len(alive) != 5 || kept(t, inner) != 5 {
			t.Errorf("sessions: got %d listed (error %v), %d alive, %d stored, want 5", len(list), err, len(alive), kept(t, inner))
		}
	})
}
