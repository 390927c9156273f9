package sharingtest_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"unsafe"

	"github.com/humasess/sessions/humasess"
)

// borrowed returns a string in a buffer that is reused after the request, like those
// of fasthttp.
func borrowed(s string) (text string, reuse func()) {
	buf := []byte(s)
	return unsafe.String(&buf[0], len(buf)), func() {
		for i := range buf {
			buf[i] = 'X'
		}
	}
}

// The memory store keeps no string that points into a request's buffer, in any part of
// a value.
func TestNothingKeptOfARequestWhateverTheType(t *testing.T) {
	r := newRig(t, anonymous[tree])
	c := r.client()
	r.must(c, set(tree{}))
	text, reuse := borrowed("first")
	fill := func(v *tree, s string) {
		v.Names, v.Leaves, v.Fixed[0] = []string{s}, []leaf{{Name: s}}, []string{s}
		v.ByName, v.ByKey = map[string]leaf{s: {Tags: []string{s}}}, map[named]int{named(s): 1}
		v.Leaf, v.Leaves2 = &leaf{Name: s}, []*leaf{{Name: s}}
		v.Free, v.FreeMap = []any{s, map[string]any{s: s}}, map[string]any{s: []any{s}}
	}
	for range 2 {
		r.must(c, func(_ context.Context, s *humasess.Session[tree]) error {
			return s.Update(func(v *tree) error { fill(v, text); return nil })
		})
	}
	reuse()
	var want tree
	fill(&want, "first")
	got, ok := r.data(c)
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %s, %v, want %s", fmt.Sprint(got), ok, fmt.Sprint(want))
	}
}
