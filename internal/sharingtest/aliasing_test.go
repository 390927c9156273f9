package sharingtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/humasess/sessions/humasess"
)

// deep has each kind of part that two copies could share.
type deep struct {
	List  []int
	Map   map[string]int
	Ptr   *int
	Inner struct{ List []string }
	Any   any
}

func newDeep() deep {
	n := 1
	d := deep{List: []int{1, 2}, Map: map[string]int{"a": 1}, Ptr: &n, Any: []any{"x"}}
	d.Inner.List = []string{"x"}
	return d
}

// spoil changes each part that it can reach.
func (d *deep) spoil() {
	d.List[0], d.Map["a"], *d.Ptr, d.Inner.List[0] = 99, 99, 99, "spoilt"
	d.Map["b"] = 99
	d.Any.([]any)[0] = "spoilt"
	_ = append(d.List[:1], 99)
}

// cloned is deep with a method that copies it. So the memory store can share it.
type cloned struct{ deep }

func (c cloned) Clone() cloned {
	n := *c.Ptr
	d := deep{List: slices.Clone(c.List), Map: map[string]int{}, Ptr: &n, Any: slices.Clone(c.Any.([]any))}
	maps.Copy(d.Map, c.Map)
	d.Inner.List = slices.Clone(c.Inner.List)
	return cloned{d}
}

// pointerCloned has the method on its pointer.
type pointerCloned struct{ deep }

func (c *pointerCloned) Clone() pointerCloned { return pointerCloned{cloned{c.deep}.Clone().deep} }

// flat can be shared, because an assignment copies all of it.
type flat struct {
	N     int
	Roles [2]string
}

func text(v any) string {
	data, err := json.Marshal(v)
	return fmt.Sprint(string(data), err)
}

// noAlias checks that no part of a value that a handler receives or sets is shared
// with another request.
func noAlias[T any](t *testing.T, fresh func() T, spoil func(*T)) {
	t.Helper()
	r := newRig(t, one[T])
	want := text(fresh())
	get := func(s *humasess.Session[T]) T { v, _ := s.Get(); return v }
	check := func(when string, s *humasess.Session[T]) {
		t.Helper()
		if got := text(get(s)); got != want {
			t.Errorf("%s: got %s, want %s", when, got, want)
		}
	}
	c := r.client()
	r.must(c, func(_ context.Context, s *humasess.Session[T]) error {
		given := fresh()
		if err := s.Start(given); err != nil {
			return err
		}
		spoil(&given)
		check("after Start", s)
		got := get(s)
		spoil(&got)
		check("a second Get after Start", s)
		return nil
	})
	for range 2 {
		r.must(c, func(_ context.Context, s *humasess.Session[T]) error {
			check("the next request", s)
			for range 3 {
				got := get(s)
				spoil(&got)
				check("the next Get", s)
			}
			return nil
		})
	}
	var kept *T
	r.must(c, func(_ context.Context, s *humasess.Session[T]) error {
		err := s.Update(func(v *T) error { kept = v; return nil })
		spoil(kept)
		check("after Update, through the pointer that its function kept", s)
		_ = s.Update(func(v *T) error { spoil(v); return errors.New("x") })
		check("after an Update that failed", s)
		return err
	})
	spoil(kept)
	infos := []humasess.Info[T]{}
	r.must(c, func(ctx context.Context, s *humasess.Session[T]) error {
		check("after the commit, through the pointer that the function kept", s)
		var err error
		if infos, err = s.List(ctx); err == nil {
			spoil(&infos[0].Data)
		}
		check("after List", s)
		return nil
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { // the race detector looks on
			r.must(c, func(_ context.Context, s *humasess.Session[T]) error {
				for range 10 {
					got := get(s)
					spoil(&got)
				}
				return nil
			})
		})
	}
	wg.Wait()
	r.must(c, func(_ context.Context, s *humasess.Session[T]) error { check("at the end", s); return nil })
}

func TestNothingAliases(t *testing.T) {
	t.Run("copied by its type", func(t *testing.T) { noAlias(t, newDeep, (*deep).spoil) })
	t.Run("Cloner", func(t *testing.T) {
		noAlias(t, func() cloned { return cloned{newDeep()} }, func(c *cloned) { c.spoil() })
	})
	t.Run("Cloner with a pointer receiver", func(t *testing.T) {
		noAlias(t, func() pointerCloned { return pointerCloned{newDeep()} }, func(c *pointerCloned) { c.spoil() })
	})
	t.Run("flat", func(t *testing.T) {
		noAlias(t, func() flat { return flat{N: 1} }, func(f *flat) { f.N, f.Roles[0] = 99, "spoilt" })
	})
	t.Run("map", func(t *testing.T) {
		noAlias(t, func() map[string]int { return map[string]int{"a": 1} }, func(m *map[string]int) { (*m)["a"] = 99 })
	})
	t.Run("slice", func(t *testing.T) {
		noAlias(t, func() []int { return []int{1, 2} }, func(s *[]int) { (*s)[0] = 99 })
	})
}

// spoilAll changes each part that can be reached from a value.
func spoilAll(v reflect.Value) {
	switch v.Kind() {
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			spoilAll(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				spoilAll(v.Field(i))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			spoilAll(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			spoilAll(v.Elem())
		}
		if v.CanSet() {
			v.SetZero()
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			spoilAll(v.MapIndex(key))
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString("spoilt")
		}
	case reflect.Bool, reflect.Int, reflect.Uint8, reflect.Float64, reflect.Float32:
		if v.CanSet() {
			v.SetZero()
		}
	}
}

func nothingAliases[T any](t *testing.T, fresh func() T) {
	t.Helper()
	t.Run(reflect.TypeFor[T]().String(), func(t *testing.T) {
		t.Helper()
		noAlias(t, fresh, func(v *T) { spoilAll(reflect.ValueOf(v).Elem()) })
	})
}

func TestNothingAliasesWhateverTheType(t *testing.T) {
	nothingAliases(t, newWild)
	nothingAliases(t, func() map[string]any { return map[string]any{"a": []any{map[string]any{"b": "c"}}} })
	nothingAliases(t, func() any { return map[string]any{"a": []any{"b"}} })
	nothingAliases(t, func() chain { return chain{[]string{"a"}, &chain{[]string{"b"}, nil}} })
	nothingAliases(t, func() []wordy { return []wordy{{[]string{"A"}}} })
	nothingAliases(t, func() embedding { return embedding{leaf{Tags: []string{"a"}}, []string{"b"}} })
	nothingAliases(t, func() json.RawMessage { return json.RawMessage(`{"a":1}`) })
}
