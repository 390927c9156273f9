package sharingtest_test

import (
	"context"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestKeys(t *testing.T) {
	r := newRigWith(t, humasess.Options[map[string]string]{})
	c := r.client()
	r.store.Reset()
	r.must(c, func(_ context.Context, s *humasess.Session[map[string]string]) error {
		if v, ok := humasess.GetKey(s, "a"); ok || v != "" {
			t.Errorf("GetKey without a session: got %q, %v, want none", v, ok)
		}
		return humasess.RemoveKey(s, "a")
	})
	r.wantCalls(map[humasesstest.Op]int{})
	r.must(c, func(_ context.Context, s *humasess.Session[map[string]string]) error {
		if err := humasess.SetKey(s, "a", "1"); err != nil {
			return err
		}
		return humasess.SetKey(s, "b", "2")
	})
	r.must(c, func(_ context.Context, s *humasess.Session[map[string]string]) error {
		if v, ok := humasess.GetKey(s, "a"); !ok || v != "1" {
			t.Errorf("GetKey a: got %q, %v, want 1", v, ok)
		}
		if err := humasess.RemoveKey(s, "a"); err != nil {
			return err
		}
		_, ok := humasess.GetKey(s, "a")
		if v, other := humasess.GetKey(s, "b"); ok || !other || v != "2" {
			t.Errorf("after RemoveKey: got a %v, b %q, want only b", ok, v)
		}
		return nil
	})
	if got, _ := r.data(c); len(got) != 1 || got["b"] != "2" {
		t.Errorf("data: got %v, want b alone", got)
	}
}

// preferences is a named map type, which the functions infer from the session.
type preferences map[string]any

func TestKeysOfANamedMap(t *testing.T) {
	r := newRigWith(t, humasess.Options[preferences]{})
	c := r.client()
	r.must(c, func(_ context.Context, s *humasess.Session[preferences]) error {
		size := 12
		if err := humasess.SetKey(s, "size", any(size)); err != nil {
			return err
		}
		return humasess.SetKey(s, "theme", "dark")
	})
	r.must(c, func(_ context.Context, s *humasess.Session[preferences]) error {
		if v, ok := humasess.GetKey(s, "theme"); !ok || v != "dark" {
			t.Errorf("GetKey theme: got %v, %v, want dark", v, ok)
		}
		return humasess.RemoveKey(s, "theme")
	})
	if got, _ := r.data(c); len(got) != 1 || got["size"] != 12.0 {
		t.Errorf("data: got %v, want the size alone", got)
	}
}
