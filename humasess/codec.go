package humasess

import (
	"encoding/json"
	"reflect"
	"sync"
	"time"
)

// Codec encodes session data for the store. The zero Codec is JSON. Both
// functions get a *T and are called concurrently; Marshal must not keep it, nor
// Unmarshal the bytes.
type Codec struct {
	Marshal   func(v any) ([]byte, error)
	Unmarshal func(data []byte, v any) error
}

func (c Codec) withDefaults() Codec {
	if c.Marshal == nil && c.Unmarshal == nil {
		return Codec{Marshal: json.Marshal, Unmarshal: json.Unmarshal}
	}
	return c
}

// Cloner is implemented by session data that can copy itself: no slice, map
// or pointer of the copy may lead to the original. The copy is then made from
// a value that the memory store keeps decoded, which saves decoding it. Data of
// plain kinds, slices, maps and pointers are copied without it, unless they
// have a [Codec] of their own, or types that decode or contain themselves.
type Cloner[T any] interface{ Clone() T }

// values turns stored bytes into values of T and back.
type values[T any] struct {
	codec   Codec
	shares  bool // a decoded value can be kept and copied from
	keeps   bool // so can a value of the program's
	clone   func(T) T
	unshare unshare
	exact   exactness
	room    *sync.Pool // of *T, in which unshare works

	unmarshal func(data []byte, v any) error
}

func newValues[T any](c Codec) values[T] {
	v := values[T]{codec: c.withDefaults()}
	t := reflect.TypeFor[T]()
	v.unmarshal = v.codec.Unmarshal
	if c.Unmarshal == nil && keepsNoJSON(t, map[reflect.Type]bool{}) {
		v.unmarshal = unmarshalJSON
	}
	var zero T
	if _, ok := any(zero).(Cloner[T]); ok {
		v.clone = func(t T) T { return any(t).(Cloner[T]).Clone() }
	} else if _, ok := any(&zero).(Cloner[T]); ok {
		v.clone = func(t T) T { return any(&t).(Cloner[T]).Clone() }
	} else if c.Marshal == nil {
		v.unshare, v.shares = unshareOf(t)
	}
	if c.Marshal == nil {
		v.exact = exactnessOf(t)
		v.room = &sync.Pool{New: func() any { return new(T) }}
	}
	v.shares = v.shares || v.clone != nil || isFlat(t)
	v.keeps = v.shares && v.clone == nil // Clone of a caller's value may do anything
	return v
}

// copy returns a kept value as the caller's own.
func (v *values[T]) copy(kept *T) T {
	switch {
	case v.clone != nil:
		return v.clone(*kept)
	case v.unshare != nil:
		own := v.room.Get().(*T)
		*own = *kept
		v.unshare(reflect.ValueOf(own).Elem())
		result := *own
		*own = *new(T) // or the pool would share the result's parts
		v.room.Put(own)
		return result
	}
	return *kept
}

// keep makes dst a copy of the caller's value that can be kept. base is the
// one that was kept before, or nil.
func (v *values[T]) keep(dst, t, base *T) {
	*dst = *t
	if v.unshare != nil {
		v.unshare(reflect.ValueOf(dst).Elem())
	}
	detach(dst, base)
}

func (v *values[T]) encode(t *T) ([]byte, error) { return v.codec.Marshal(t) }

// survives reports whether decoding the output of encode for *t gives exactly
// *t. False may also mean that this is not known.
func (v *values[T]) survives(t *T) bool {
	return v.exact != nil && v.exact(reflect.ValueOf(t).Elem())
}

func (v *values[T]) decode(data []byte) (*T, error) {
	t := new(T)
	return t, v.unmarshal(data, t)
}

var timeType = reflect.TypeFor[time.Time]()

// isFlat reports whether a copy of a value shares nothing mutable with it.
// time.Time holds a pointer, to a location that never changes.
func isFlat(t reflect.Type) bool {
	if t == timeType {
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return isFlat(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !isFlat(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	}
	return true
}
