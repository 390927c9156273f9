package watch_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/humasess/internal/watch"
	"github.com/humasess/sessions/stores"
)

const (
	interval = 15 * time.Second
	lifetime = time.Hour
)

// rig is a store with sessions that end at a deadline.
type rig struct {
	*watch.Sessions
	t *testing.T

	mu       sync.Mutex
	deadline map[stores.ID]time.Time
	hint     func(stores.ID)
	loads    []int // how many sessions each call asked for
	broken   error
	failures int
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, deadline: map[stores.ID]time.Time{}}
	r.Sessions = watch.New(watch.Config{
		Load: func(_ context.Context, ids []stores.ID) ([]stores.Record, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.loads = append(r.loads, len(ids))
			if r.broken != nil {
				return nil, r.broken
			}
			var found []stores.Record
			for _, id := range ids {
				if at := r.deadline[id]; at.After(time.Now()) {
					found = append(found, stores.Record{ID: id, Expires: at, Now: time.Now()})
				}
			}
			return found, nil
		},
		Hints: func(ctx context.Context, hint func(stores.ID)) error {
			r.locked(func() { r.hint = hint })
			<-ctx.Done()
			return ctx.Err()
		},
		Interval: interval,
		Timeout:  time.Second,
		Failed:   func(error) { r.locked(func() { r.failures++ }) },
	})
	return r
}

func (r *rig) locked(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// expire sets the time after which the store does not have session 1.
func (r *rig) expire(at time.Time) { r.locked(func() { r.deadline[number(1)] = at }) }

func number(n int) (id stores.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(n)+1)
	return id
}

// add creates a session in the store and waits for its end.
func (r *rig) add(n int, owner string) *watch.Wait {
	r.locked(func() { r.deadline[number(n)] = time.Now().Add(lifetime) })
	w := watch.NewWait()
	r.Add(&w, watch.Session{ID: number(n), Owner: owner}, lifetime)
	return &w
}

func (r *rig) want(when string, w *watch.Wait, ended bool) {
	r.t.Helper()
	synctest.Wait()
	got := false
	select {
	case <-w.Done():
		got = true
	default:
	}
	if got != ended {
		r.t.Errorf("%s: the wait has ended: got %v, want %v", when, got, ended)
	}
}

func (r *rig) close() {
	r.t.Helper()
	if err := r.Close(r.t.Context()); err != nil {
		r.t.Error(err)
	}
}

func TestEndOfASession(t *testing.T) {
	for name, tt := range map[string]struct {
		tell func(*rig)
		wait time.Duration
	}{
		"Ended":                 {func(r *rig) { r.Ended(number(1)) }, 0},
		"Check":                 {func(r *rig) { r.Check(number(1)) }, 0},
		"CheckOwner":            {func(r *rig) { r.CheckOwner("u1") }, 0},
		"CheckAll":              {func(r *rig) { r.CheckAll() }, 0},
		"a hint":                {func(r *rig) { r.hint(number(1)) }, 0},
		"a hint of all":         {func(r *rig) { r.hint(stores.ID{}) }, 0},
		"nothing, the interval": {func(*rig) {}, interval},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				defer r.close()
				w, same, other := r.add(1, "u1"), r.add(1, "u1"), r.add(2, "u1")
				r.want("at the beginning", w, false)
				tt.tell(r)
				r.want("while the session is in the store", w, false)
				r.expire(time.Now())
				tt.tell(r)
				time.Sleep(tt.wait)
				r.want("after the end", w, true)
				r.want("a second wait for the session", same, true)
				r.want("another session", other, false)
			})
		})
	}
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		w := r.add(1, "")
		time.Sleep(lifetime / 2)
		r.expire(time.Now().Add(lifetime)) // a request has extended it
		time.Sleep(lifetime - time.Second)
		r.want("before the later deadline", w, false)
		time.Sleep(time.Second + time.Millisecond)
		r.want("after the later deadline", w, true)
	})
}

// A client-side session is not in the store.
func TestClientSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		err := error(nil)
		client := watch.Session{ID: number(1), Left: func(context.Context) (time.Duration, error) { return lifetime, err }}
		w := watch.NewWait()
		r.Add(&w, client, lifetime)
		r.want("at the beginning", &w, false)
		err = stores.ErrNotFound
		r.Check(client.ID)
		r.want("after the end", &w, true)
		second := watch.NewWait()
		err = nil
		r.Add(&second, client, lifetime)
		r.want("a second session", &second, false)
		r.Ended(client.ID)
		r.want("after the end by this process", &second, true)
	})
}

func TestAStoreThatFailsEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		w := r.add(1, "")
		synctest.Wait()
		r.expire(time.Now())
		r.locked(func() { r.broken = errors.New("unreachable") })
		r.Check(number(1))
		time.Sleep(time.Minute)
		r.want("while the store fails", w, false)
		synctest.Wait()
		if r.failures < 4 || r.failures > 12 {
			t.Errorf("calls in a minute: got %d, want 4 to 12", r.failures)
		}
		r.locked(func() { r.broken = nil })
		time.Sleep(interval)
		r.want("after the store has recovered", w, true)
	})
}

func TestOneCallLooksUpMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		for n := range 300 {
			r.add(n, "u1")
		}
		synctest.Wait()
		r.loads = nil
		r.CheckAll()
		synctest.Wait()
		if len(r.loads) != 3 || r.loads[0] != 128 {
			t.Errorf("sessions in each call: got %v, want 128, 128 and 44", r.loads)
		}
	})
}

// Release ends the wait. After an interval without waits no goroutine is left,
// otherwise the test does not end.
func TestRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		w, other := r.add(1, "u1"), r.add(1, "u1")
		r.Release(w)
		r.want("released", w, true)
		r.want("another wait for the session", other, false)
		r.Release(other)
		r.Release(other) // changes nothing
		never := watch.NewWait()
		r.Release(&never)
		r.want("released before Add", &never, true)
		time.Sleep(interval)
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		w := r.add(1, "")
		r.close()
		r.want("closed", w, true)
		r.want("added later", r.add(2, ""), true)
		r.close()
	})
}
