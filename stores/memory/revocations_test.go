package memory_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/storetest"
)

func TestRevocations(t *testing.T) {
	storetest.RunRevocations(t, func(*testing.T) stores.Revocations { return memory.NewRevocations() })
}

// Marks outlive every cookie, but only by a short time.
func TestRevocationsForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, ctx := memory.NewRevocations(), t.Context()
		if err := r.End(ctx, stores.ID{1}, time.Hour, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := r.RevokeIdentity(ctx, "ada", 0); err != nil {
			t.Fatal(err)
		}
		check := func(after time.Duration, ended, marked bool) {
			t.Helper()
			time.Sleep(after)
			_ = r.End(ctx, stores.ID{2, byte(after.Hours())}, time.Nanosecond, 0) // a write sweeps
			st, err := r.Check(ctx, stores.ID{1}, "ada")
			if err != nil || st.Ended != ended || (st.Mark != 0) != marked {
				t.Errorf("after %v more: got %+v, %v, want ended %v, marked %v", after, st, err, ended, marked)
			}
		}
		check(59*time.Minute, true, true)
		check(2*time.Minute, false, true)
		check(stores.LongestSession-2*time.Hour, false, true)
		check(2*time.Hour, false, false)
	})
}

// A client may begin and end anonymous sessions in a loop. When there is no room,
// all sessions from before are refused, and each sign-in that began before.
func TestRevocationsOverflow(t *testing.T) {
	for name, overflow := range map[string]func(r *memory.Revocations, n byte) error{
		"End": func(r *memory.Revocations, n byte) error { return r.End(t.Context(), stores.ID{2, n}, time.Hour, 0) },
		"RevokeIdentity": func(r *memory.Revocations, n byte) error {
			_, err := r.RevokeIdentity(t.Context(), string([]byte{'u', n}), 0)
			return err
		},
	} {
		t.Run("R1 "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, ctx := memory.NewRevocations(), t.Context()
				r.SetMost(8)
				check := func(identity string) stores.Standing {
					t.Helper()
					st, err := r.Check(ctx, stores.ID{1}, identity)
					if err != nil {
						t.Fatal(err)
					}
					return st
				}
				if err := r.End(ctx, stores.ID{1}, time.Hour, 0); err != nil {
					t.Fatal(err)
				}
				revoked, err := r.RevokeIdentity(ctx, "ada", 0)
				if err != nil {
					t.Fatal(err)
				}
				first := check("ada")
				for n := range byte(6) {
					if err := overflow(r, n); err != nil {
						t.Fatal(err)
					}
				}
				if st := check("ada"); st != first || !st.Ended || st.Mark != revoked.Mark {
					t.Errorf("a store that is full: got %+v, want %+v", st, first)
				}
				if err := overflow(r, 6); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				for _, identity := range []string{"ada", "eve"} {
					st := check(identity)
					if st.Era == first.Era || st.Mark == 0 || st.Mark == revoked.Mark || st.RevokedAgo != time.Second {
						t.Errorf("%s after one mark more: got %+v after %+v, want another era and a mark of a second ago", identity, st, first)
					}
				}
				if st := check(""); st.Mark != 0 || st.Era == first.Era {
					t.Errorf("an anonymous session: got %+v, want another era than %d alone", st, first.Era)
				}
				second, era := check("eve"), check("eve").Era
				again, err := r.RevokeIdentity(ctx, "eve", 0)
				if err != nil || again.Before != second.Mark || again.Mark == second.Mark || again.Ago != time.Second {
					t.Errorf("RevokeIdentity: got %+v, %v, want to replace the mark of %+v", again, err, second)
				}
				for n := range byte(6) { // the old ones need no space
					if err := overflow(r, 10+n); err != nil {
						t.Fatal(err)
					}
				}
				if st := check("eve"); st.Era != era {
					t.Errorf("got era %d, want %d until it is full again", st.Era, era)
				}

				// A session that began under a later mark outlives the mark of all.
				time.Sleep(stores.LongestSession)
				_ = r.End(ctx, stores.ID{3}, 0, 0) // a write sweeps
				if st := check("bob"); st.Mark != 0 {
					t.Errorf("after the longest session: got %+v, want no mark", st)
				}
			})
		})
	}
}
