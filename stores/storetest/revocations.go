package storetest

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
)

// RunRevocations checks the contract of [stores.Revocations] in subtests of t.
// Open returns empty Revocations for each, which no other test uses.
func RunRevocations(t *testing.T, open func(t *testing.T) stores.Revocations) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, stores.Revocations){
		"no session is revoked at first":                  revocationsBegin,
		"R1 an ended session, and no other":            revocationsEnd,
		"R2 a revoked identity, and no other":          revocationsIdentity,
		"R2 every revocation leaves a mark of its own": revocationsRace,
		"X10 a call whose answer was lost":             revocationsAgain,
		"several are checked at once":                  revocationsMany,
		"contexts are honoured":                        revocationsContext,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

func standing(t *testing.T, r stores.Revocations, id stores.ID, identity string) stores.Standing {
	t.Helper()
	st, err := r.Check(t.Context(), id, identity)
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	return st
}

func revocationsBegin(t *testing.T, r stores.Revocations) {
	t.Helper()
	st := standing(t, r, stores.ID{1}, "ada")
	if st.Ended || st.Mark != 0 || st.RevokedAgo != stores.NotRevoked {
		t.Errorf("got %+v, want nothing", st)
	}
	if again := standing(t, r, stores.ID{2}, ""); again.Era != st.Era {
		t.Errorf("era: got %d after %d, want the same", again.Era, st.Era)
	}
}

func revocationsEnd(t *testing.T, r stores.Revocations) {
	t.Helper()
	id := stores.ID{1, 0xff, 0, '\n'}
	var first atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch err := r.End(t.Context(), id, time.Hour, 0); {
			case err == nil:
				first.Add(1)
			case !errors.Is(err, stores.ErrNotFound):
				t.Errorf("End: %v", err)
			}
		})
	}
	all.Wait()
	if first.Load() != 1 {
		t.Errorf("%d of 8 calls ended the session, want 1", first.Load())
	}
	if !standing(t, r, id, "").Ended || !standing(t, r, id, "ada").Ended {
		t.Error("the ended session is not reported as ended")
	}
	if standing(t, r, stores.ID{1, 0xff, 0, '\r'}, "").Ended {
		t.Error("another session is ended too")
	}
}

func revocationsIdentity(t *testing.T, r stores.Revocations) {
	t.Helper()
	if _, err := r.RevokeIdentity(t.Context(), "", 0); !errors.Is(err, stores.ErrNoIdentity) {
		t.Errorf("identity \"\": got %v, want ErrNoIdentity", err)
	}
	first, err := r.RevokeIdentity(t.Context(), "ada", 0)
	if err != nil || first.Mark == 0 || first.Ago != stores.NotRevoked || first.Before != 0 || first.Count != -1 {
		t.Fatalf("got %+v, %v, want a mark, not revoked before, and no count", first, err)
	}
	st := standing(t, r, stores.ID{1}, "ada")
	if st.Mark != first.Mark || st.RevokedAgo < 0 || st.RevokedAgo > time.Minute || st.Ended {
		t.Errorf("got %+v, want mark %d", st, first.Mark)
	}
	for _, other := range []string{"", "Ada", "ada2", "a"} {
		if st := standing(t, r, stores.ID{1}, other); st.Mark != 0 {
			t.Errorf("%q: got %+v, want nothing", other, st)
		}
	}
	again, err := r.RevokeIdentity(t.Context(), "ada", 0)
	if err != nil || again.Mark == first.Mark || again.Ago < 0 || again.Before != first.Mark {
		t.Errorf("again: got %+v, %v, want another mark than %d, and that one before", again, err, first.Mark)
	}
	if st := standing(t, r, stores.ID{1}, "ada"); st.Mark != again.Mark {
		t.Errorf("got %+v, want mark %d", st, again.Mark)
	}
}

func revocationsRace(t *testing.T, r stores.Revocations) {
	t.Helper()
	const n = 8
	var marks [n]int64
	var before [n]int64
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			revoked, err := r.RevokeIdentity(t.Context(), "ada", 0)
			if err != nil {
				t.Error(err)
			}
			marks[i], before[i] = revoked.Mark, revoked.Before
		})
	}
	all.Wait()
	seen := map[int64]bool{}
	for _, m := range marks {
		seen[m] = true
	}
	last := standing(t, r, stores.ID{}, "ada").Mark
	if len(seen) != n || !seen[last] {
		t.Errorf("marks %v: want %d different ones, one of them the last", marks, n)
	}
	// Each mark replaced a different one, and the first replaced none. The last
	// was not replaced.
	delete(seen, last)
	seen[0] = true
	for _, m := range before {
		delete(seen, m)
	}
	if len(seen) > 0 {
		t.Errorf("marks %v replaced %v, want each to replace a different one, and the last to stay", marks, before)
	}
}

// revocationsAgain repeats a call under its name, which recognises its mark. A
// call with another name, and one after that, must not recognise it.
func revocationsAgain(t *testing.T, r stores.Revocations) {
	t.Helper()
	const mine, other = math.MaxInt64, 1
	for i, tt := range []struct {
		name int64
		want error
	}{{mine, nil}, {mine, nil}, {other, stores.ErrNotFound}, {0, stores.ErrNotFound}, {mine, nil}} {
		if err := r.End(t.Context(), stores.ID{1}, time.Hour, tt.name); !errors.Is(err, tt.want) {
			t.Errorf("End %d with the name %d: got %v, want %v", i, tt.name, err, tt.want)
		}
	}
	for i, want := range []error{nil, stores.ErrNotFound} {
		if err := r.End(t.Context(), stores.ID{2}, time.Hour, 0); !errors.Is(err, want) {
			t.Errorf("End %d without a name: got %v, want %v", i, err, want)
		}
	}
	last := stores.Revoked{Ago: stores.NotRevoked}
	for i, tt := range []struct {
		name  int64
		again bool
	}{{other, false}, {other, true}, {mine, false}, {mine, true}, {mine, true}, {other, false}, {mine, false}, {0, false}, {0, false}} {
		got, err := r.RevokeIdentity(t.Context(), "ada", tt.name)
		switch {
		case err != nil:
			t.Fatal(err)
		case tt.again && got != last:
			t.Errorf("RevokeIdentity %d with the name %d again: got %+v, want %+v", i, tt.name, got, last)
		case !tt.again && (got.Before != last.Mark || got.Mark == last.Mark || got.Mark == 0):
			t.Errorf("RevokeIdentity %d with the name %d: got %+v after %+v, want another mark", i, tt.name, got, last)
		}
		if st := standing(t, r, stores.ID{3}, "ada"); st.Mark != got.Mark {
			t.Errorf("RevokeIdentity %d with the name %d: got %+v, want mark %d", i, tt.name, st, got.Mark)
		}
		last = got
	}
}

func revocationsMany(t *testing.T, r stores.Revocations) {
	t.Helper()
	if none, err := stores.CheckMany(t.Context(), r, nil); len(none) != 0 || err != nil {
		t.Errorf("no subjects: got %+v, %v, want nothing", none, err)
	}
	if err := r.End(t.Context(), stores.ID{1}, time.Hour, 0); err != nil {
		t.Fatal(err)
	}
	revoked, err := r.RevokeIdentity(t.Context(), "ada", 0)
	if err != nil {
		t.Fatal(err)
	}
	subjects := []stores.Subject{
		{ID: stores.ID{2}, Identity: "ada"}, {ID: stores.ID{3}}, {ID: stores.ID{1}, Identity: "eve"},
		{ID: stores.ID{1}, Identity: "ada"}, {ID: stores.ID{2}, Identity: "ada"},
	}
	want := []stores.Standing{{Mark: revoked.Mark}, {}, {Ended: true}, {Ended: true, Mark: revoked.Mark}, {Mark: revoked.Mark}}
	got, err := stores.CheckMany(t.Context(), r, subjects)
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %+v, %v, want %d", got, err, len(want))
	}
	era := standing(t, r, stores.ID{}, "").Era
	for i, st := range got {
		if st.Ended != want[i].Ended || st.Mark != want[i].Mark || st.Era != era || (st.RevokedAgo == stores.NotRevoked) != (st.Mark == 0) {
			t.Errorf("%d: got %+v, want era %d and %+v", i, st, era, want[i])
		}
	}
}

func revocationsContext(t *testing.T, r stores.Revocations) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, check := r.Check(ctx, stores.ID{1}, "ada")
	_, many := stores.CheckMany(ctx, r, []stores.Subject{{ID: stores.ID{1}, Identity: "ada"}})
	_, revoke := r.RevokeIdentity(ctx, "ada", 0)
	for i, err := range []error{check, many, revoke, r.End(ctx, stores.ID{1}, time.Hour, 0)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: got %v, want %v", i, err, context.Canceled)
		}
	}
	if st := standing(t, r, stores.ID{1}, "ada"); st.Ended || st.Mark != 0 {
		t.Errorf("afterwards: got %+v, want nothing", st)
	}
}
