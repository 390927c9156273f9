package sharingtest_test

import (
	"context"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
)

// readsWhatDecodes modifies a session repeatedly. It requires that the next requests
// find the value that the stored bytes decode to, even if the store kept another one.
func readsWhatDecodes[T any](t *testing.T, all ...T) {
	t.Helper()
	t.Run(reflect.TypeFor[T]().String(), func(t *testing.T) {
		t.Helper()
		r := newRig(t, anonymous[T])
		c := r.client()
		var zero T
		r.must(c, set(zero))
		for i, v := range append(all, all[0]) {
			var want T
			data, err := json.Marshal(v)
			if err == nil {
				err = json.Unmarshal(data, &want)
			}
			if err != nil {
				t.Fatal(err)
			}
			r.must(c, set(v))
			for range 2 {
				if got, ok := r.data(c); !ok || !reflect.DeepEqual(got, want) {
					t.Errorf("value %d, %s: got %#v, %v, want %#v", i, data, got, ok, want)
				}
			}
		}
	})
}

func TestReadsWhatDecodes(t *testing.T) {
	readsWhatDecodes(t, trees()...)
	readsWhatDecodes(t, newWild(), wild{Raw: json.RawMessage(" { } ")}, wild{})
	readsWhatDecodes(t, []string{"a"}, nil, []string{}, []string{"\xff"})
	readsWhatDecodes(t, map[string]int{"a": 1}, nil, map[string]int{})
	readsWhatDecodes(t, map[string]any{"a": 1.0, "b": map[string]any{"c": []any{"d"}}}, map[string]any{"n": 1})
	readsWhatDecodes(t, [][]string{{"a"}, nil, {}})
	readsWhatDecodes(t, p(p(1)), p[*int](nil), nil)
	readsWhatDecodes(t, p([]int{1}), p([]int(nil)))
	readsWhatDecodes(t, wordy{[]string{"a", "b"}})
	readsWhatDecodes(t, initial{"ada"}, initial{})
	readsWhatDecodes(t, []wordy{{[]string{"a", "b"}}, {}})
	readsWhatDecodes(t, map[named]*wordy{"a": {[]string{"b"}}})
	readsWhatDecodes(t, chain{Names: []string{"a"}, Next: &chain{Names: []string{"b"}}})
	readsWhatDecodes(t, tags{Quoted: 1, Skipped: []string{"gone"}, Zero: []string{}, Names: []string{"a"}})
	readsWhatDecodes(t, struct{ N json.Number }{"7"}, struct{ N json.Number }{})
	readsWhatDecodes(t, hiding{shy{1}})
	readsWhatDecodes(t, embedding{leaf{Name: "a", Tags: []string{"b"}}, []string{"c"}})
	readsWhatDecodes(t, big.NewInt(1), nil)
	readsWhatDecodes(t, time.Now().In(time.FixedZone("here", 3600)), time.Time{})
	readsWhatDecodes(t, any("a"), any(nil), any([]any{1.0}), any(map[string]any{"a": nil}))
}

// Two pointers that decode to one target still have one target.
func TestTwinsStayTwins(t *testing.T) {
	r := newRig(t, anonymous[twins])
	c := r.client()
	r.must(c, set(twins{A: p(1), B: p(1)}))
	for range 2 {
		if got, ok := r.data(c); !ok || got.A != got.B {
			t.Errorf("got %v and %v, %v, want one number", got.A, got.B, ok)
		}
	}
}

// JSON omits a negative zero, which then decodes as a positive one. A comparison
// cannot distinguish them.
func TestTwinsOfZero(t *testing.T) {
	type left struct {
		Zero float64 `json:"zero,omitempty"`
	}
	r := newRig(t, anonymous[left])
	c := r.client()
	r.must(c, set(left{1}))
	r.must(c, func(_ context.Context, s *humasess.Session[left]) error {
		return s.Update(func(v *left) error { v.Zero = math.Copysign(0, -1); return nil })
	})
	if got, ok := r.data(c); !ok || math.Signbit(got.Zero) {
		t.Errorf("got %v, %v, want the value that JSON decodes", got.Zero, ok)
	}
}
