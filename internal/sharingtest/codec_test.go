package sharingtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// With any codec, a flat value is decoded once and then copied.
func TestDecodedOnce(t *testing.T) {
	var mu sync.Mutex
	decoded := 0
	codec := humasess.Codec{Marshal: json.Marshal, Unmarshal: func(data []byte, v any) error {
		mu.Lock()
		defer mu.Unlock()
		decoded++
		return json.Unmarshal(data, v)
	}}
	r := newRigWith(t, humasess.Options[flat]{Codec: codec})
	c := r.signedIn(flat{N: 1})
	decoded = 0
	for range 10 {
		r.must(c, func(_ context.Context, s *humasess.Session[flat]) error { s.Get(); s.Get(); return nil })
	}
	if decoded > 1 {
		t.Errorf("decoded %d times in 10 requests, want once", decoded)
	}
}

// Data that does not encode is refused when it is given.
func TestDoesNotEncode(t *testing.T) {
	r := newRigWith(t, humasess.Options[map[string]any]{})
	bad := map[string]any{"f": func() {}}
	c := r.signedIn(map[string]any{"n": 1})
	r.store.Reset()
	r.must(c, func(_ context.Context, s *humasess.Session[map[string]any]) error {
		for name, err := range map[string]error{
			"Start":  s.Start(bad),
			"Update": s.Update(func(m *map[string]any) error { *m = bad; return nil }),
		} {
			if err == nil {
				t.Errorf("%s: got no error", name)
			}
		}
		if v, ok := humasess.GetKey(s, "n"); !ok || fmt.Sprint(v) != "1" {
			t.Errorf("data: got %v, want it unchanged", v)
		}
		return nil
	})
	r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 1})
}
