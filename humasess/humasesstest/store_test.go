package humasesstest_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

var errBroken = errors.New("broken")

func newID(t *testing.T) stores.ID {
	t.Helper()
	id, err := stores.RandomID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func create(ctx context.Context, s stores.Store, id stores.ID) error {
	_, err := s.Create(ctx, stores.Create{ID: id, Identity: "ada", Payload: []byte("x"), Idle: time.Minute, Absolute: time.Hour})
	return err
}

// calls has one call of every method, on a session that exists.
var calls = []struct {
	name string
	op   humasesstest.Op
	do   func(ctx context.Context, s *humasesstest.Store, id stores.ID) error
}{
	{"Load", humasesstest.OpLoad, func(ctx context.Context, s *humasesstest.Store, id stores.ID) error {
		_, err := s.Load(ctx, id)
		return err
	}},
	{"LoadMany", humasesstest.OpLoad, func(ctx context.Context, s *humasesstest.Store, id stores.ID) error {
		_, err := s.LoadMany(ctx, []stores.ID{id})
		return err
	}},
	{"LoadMemo", humasesstest.OpLoad, func(ctx context.Context, s *humasesstest.Store, id stores.ID) error {
		m, ok := stores.As[stores.Memoizer](s)
		if !ok {
			return errors.ErrUnsupported
		}
		_, _, err := m.LoadMemo(ctx, id)
		return err
	}},
	{"Create", humasesstest.OpCreate, func(ctx context.Context, s *humasesstest.Store, _ stores.ID) error {
		other, err := stores.RandomID()
		if err != nil {
			return err
		}
		return create(ctx, s, other)
	}},
	{"Update", humasesstest.OpUpdate, func(ctx context.Context, s *humasesstest.Store, id stores.ID) error {
		_, err := s.Update(ctx, stores.Update{ID: id, Version: 1, Payload: []byte("y")})
		return err
	}},
	{"Touch", humasesstest.OpTouch, func(ctx context.Context, s *humasesstest.Store, id stores.ID) error {
		_, err := s.Touch(ctx, id, time.Minute)
		return err
	}},
	{"List", humasesstest.OpList, func(ctx context.Context, s *humasesstest.Store, _ stores.ID) error {
		_, err := s.List(ctx, "ada")
		return err
	}},
	{"Delete", humasesstest.OpDelete, func(ctx context.Context, s *humasesstest.Store, id stores.ID) error {
		return s.Delete(ctx, id, stores.Condition{})
	}},
	{"Scan", humasesstest.OpScan, func(ctx context.Context, s *humasesstest.Store, _ stores.ID) error {
		_, err := s.Scan(ctx, nil, "", 10)
		return err
	}},
	{"Count", humasesstest.OpCount, func(ctx context.Context, s *humasesstest.Store, _ stores.ID) error {
		_, err := s.Count(ctx, nil)
		return err
	}},
	{"Clear", humasesstest.OpClear, func(ctx context.Context, s *humasesstest.Store, _ stores.ID) error {
		_, err := s.Clear(ctx, nil)
		return err
	}},
	{"MarkChanged", humasesstest.OpMarkChanged, func(ctx context.Context, s *humasesstest.Store, _ stores.ID) error {
		_, err := s.MarkChanged(ctx, "ada")
		return err
	}},
	{"RevokeIdentity", humasesstest.OpRevokeIdentity, func(ctx context.Context, s *humasesstest.Store, _ stores.ID) error {
		_, err := s.RevokeIdentity(ctx, "ada", stores.ID{})
		return err
	}},
}

func TestStore(t *testing.T) {
	t.Parallel()
	for _, tt := range calls {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inner := memory.New(nil)
			s := humasesstest.Wrap(inner)
			ctx, id := t.Context(), newID(t)
			if err := create(ctx, inner, id); err != nil {
				t.Fatal(err)
			}
			s.Fail(tt.op, errBroken)
			if err := tt.do(ctx, s, id); !errors.Is(err, errBroken) {
				t.Errorf("Fail: got %v, want %v", err, errBroken)
			}
			if rec, err := inner.Load(ctx, id); err != nil || rec.Version != 1 {
				t.Errorf("Fail: got version %d, %v in the store inside, want 1: it must not be called", rec.Version, err)
			}
			s.Fail(tt.op, nil)
			s.After(tt.op, func(context.Context) error { return errBroken })
			if err := tt.do(ctx, s, id); !errors.Is(err, errBroken) {
				t.Errorf("After: got %v, want %v", err, errBroken)
			}
			if !done(ctx, inner, tt.op, id) {
				t.Error("After: the store inside was not called")
			}
			if got, want := s.Calls(), map[humasesstest.Op]int{tt.op: 2}; !maps.Equal(got, want) || s.Total() != 2 {
				t.Errorf("got calls %v, total %d, want %v", got, s.Total(), want)
			}
			s.Reset()
			if got := s.Calls(); len(got) != 0 || s.Total() != 0 {
				t.Errorf("after Reset: got calls %v, want none", got)
			}
			s.After(tt.op, nil)
			s.Before(tt.op, nil)
		})
	}
}

// done reports whether the store shows that a writing call has reached it.
func done(ctx context.Context, inner stores.Index, op humasesstest.Op, id stores.ID) bool {
	rec, err := inner.Load(ctx, id)
	switch op {
	case humasesstest.OpDelete, humasesstest.OpRevokeIdentity, humasesstest.OpClear:
		return errors.Is(err, stores.ErrNotFound)
	case humasesstest.OpUpdate:
		return rec.Version == 2
	case humasesstest.OpCreate:
		all, err := inner.List(ctx, "ada")
		return err == nil && len(all) == 2
	}
	return err == nil
}

func TestStorePassesResultsOn(t *testing.T) {
	t.Parallel()
	clock := humasesstest.NewClock()
	s := humasesstest.Wrap(memory.New(nil))
	s.UseClock(clock.Now)
	ctx := t.Context()
	id, err := s.NewID(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if err := create(ctx, s, id); err != nil {
		t.Fatal(err)
	}
	m, ok := stores.As[stores.Memoizer](s)
	if !ok {
		t.Fatal("a wrapped memory store is not a Memoizer")
	}
	rec, memo, err := m.LoadMemo(ctx, id)
	if err != nil || rec.ID != id || string(rec.Payload) != "x" || !rec.Now.Equal(clock.Now()) {
		t.Errorf("LoadMemo: got %+v, %v, want the session at the clock's time", rec, err)
	}
	memo.Set("kept")
	if _, again, err := m.LoadMemo(ctx, id); err != nil || again.Value() != "kept" {
		t.Errorf("LoadMemo again: got memo %v, %v, want the one that was set", again.Value(), err)
	}
	clock.Advance(2 * time.Minute)
	if _, err := s.Load(ctx, id); !errors.Is(err, stores.ErrNotFound) {
		t.Errorf("Load after the clock has passed its end: got %v, want %v", err, stores.ErrNotFound)
	}
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close: got %v, want nil", err)
	}
}

// TestStoreWithoutCapabilities wraps a store that has none.
func TestStoreWithoutCapabilities(t *testing.T) {
	t.Parallel()
	inner := memory.New(nil)
	s := humasesstest.Wrap(struct{ stores.Store }{inner})
	ctx, id := t.Context(), newID(t)
	if err := create(ctx, inner, id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(ctx, "ada"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("List: got %v, want %v", err, errors.ErrUnsupported)
	}
	if _, err := s.MarkChanged(ctx, "ada"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("MarkChanged: got %v, want %v", err, errors.ErrUnsupported)
	}
	if _, err := s.RevokeIdentity(ctx, "ada", stores.ID{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("RevokeIdentity: got %v, want %v", err, errors.ErrUnsupported)
	}
	if _, err := s.Scan(ctx, nil, "", 10); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Scan: got %v, want %v", err, errors.ErrUnsupported)
	}
	if _, err := s.Count(ctx, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Count: got %v, want %v", err, errors.ErrUnsupported)
	}
	if _, err := s.Clear(ctx, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Clear: got %v, want %v", err, errors.ErrUnsupported)
	}
	if _, ok := stores.As[stores.Memoizer](s); ok {
		t.Error("got a Memoizer around a store that is not a Memoizer")
	}
	if all, err := s.LoadMany(ctx, []stores.ID{id}); err != nil || len(all) != 1 {
		t.Errorf("LoadMany: got %d sessions, %v, want 1", len(all), err)
	}
	if made, err := s.NewID(t.Context(), "ada"); err != nil || made.IsZero() {
		t.Errorf("NewID: got %v, %v, want a random one", made, err)
	}
	s.UseClock(time.Now)
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close: got %v, want nil", err)
	}
}

func TestStoreLoads(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		wrap     func(*memory.Store) stores.Store
		memoizes bool
	}{
		{name: "memory", wrap: func(s *memory.Store) stores.Store { return s }, memoizes: true},
		{name: "plain", wrap: func(s *memory.Store) stores.Store { return struct{ stores.Store }{s} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inner := memory.New(nil)
			s := humasesstest.Wrap(tt.wrap(inner))
			ctx, id, want := t.Context(), newID(t), 0
			if err := create(ctx, inner, id); err != nil {
				t.Fatal(err)
			}
			m, memoizes := stores.As[stores.Memoizer](s)
			if memoizes != tt.memoizes {
				t.Errorf("got Memoizer %v, want %v", memoizes, tt.memoizes)
			}
			if memoizes {
				want++
				if rec, _, err := m.LoadMemo(ctx, id); err != nil || rec.ID != id {
					t.Errorf("LoadMemo: got %v, %v, want %v", rec.ID, err, id)
				}
			}
			if got := s.Calls()[humasesstest.OpLoad]; got != want {
				t.Errorf("got %d loads counted, want %d", got, want)
			}
		})
	}
}

func TestStoreHold(t *testing.T) {
	t.Parallel()
	t.Run("until released", func(t *testing.T) {
		t.Parallel()
		s := humasesstest.Wrap(memory.New(nil))
		ctx, id := t.Context(), newID(t)
		entered, release := s.Hold(humasesstest.OpCreate)
		finished := make(chan struct{})
		var err error
		go func() {
			defer close(finished)
			err = create(ctx, s, id)
		}()
		within(t, "the held call arrives", entered)
		if _, err := s.Load(ctx, id); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("Load while Create is held: got %v, want %v", err, stores.ErrNotFound)
		}
		if err := create(ctx, s, newID(t)); err != nil {
			t.Errorf("the call after the held one: got %v, want nil", err)
		}
		release()
		release() // twice does no harm
		within(t, "the held call returns", finished)
		if err != nil {
			t.Errorf("the held call: got %v, want nil", err)
		}
		if _, err := s.Load(ctx, id); err != nil {
			t.Errorf("Load after release: got %v, want nil", err)
		}
	})
	t.Run("until its context ends", func(t *testing.T) {
		t.Parallel()
		s := humasesstest.Wrap(memory.New(nil))
		ctx, cancel := context.WithCancel(t.Context())
		entered, release := s.Hold(humasesstest.OpLoad)
		defer release()
		go func() {
			<-entered
			cancel()
		}()
		if _, err := s.Load(ctx, newID(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("held call whose context ends: got %v, want %v", err, context.Canceled)
		}
	})
	t.Run("one of many", func(t *testing.T) {
		t.Parallel()
		s := humasesstest.Wrap(memory.New(nil))
		entered, release := s.Hold(humasesstest.OpCreate)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if id, err := stores.RandomID(); err != nil || create(t.Context(), s, id) != nil {
					t.Error("Create failed")
				}
			})
		}
		within(t, "the held call arrives", entered)
		release()
		wg.Wait()
		if got := s.Calls()[humasesstest.OpCreate]; got != 20 {
			t.Errorf("got %d calls of Create, want 20", got)
		}
	})
}
