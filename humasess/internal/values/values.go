// Package values encodes, decodes and copies the data of sessions.
//
// A [Type] knows one type of data. It refuses a type whose values do not come
// back from encoding/json. Its copies share no slice, map or pointer with the
// original, so that handlers can change their copy. A value that it keeps also
// shares no string with the original, because fasthttp reuses the buffers of a
// request. [Type.Exact] reports when a copy may replace a decoded value.
package values

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// Type encodes, decodes and copies values of T. It is safe for concurrent use.
type Type[T any] struct {
	marshal   func(v any) ([]byte, error)
	unmarshal func(data []byte, v any) error

	copies  bool // Copy can copy a decoded value
	clone   func(T) T
	unshare unshare
	exact   exactness
	pool    *sync.Pool // of *T, the memory in which Copy uses unshare
}

// New returns the Type of T with a codec, or with encoding/json if both functions
// are nil. It is an error if encoding/json does not bring back values of T, or if
// the codec cannot encode and decode the zero T.
//
// A T with a method Clone() T copies itself.
func New[T any](marshal func(v any) ([]byte, error), unmarshal func(data []byte, v any) error) (*Type[T], error) {
	t := reflect.TypeFor[T]()
	v := &Type[T]{marshal: marshal, unmarshal: unmarshal}
	if marshal == nil {
		if err := check(t); err != nil {
			return nil, fmt.Errorf("session data: %w", err)
		}
		v.marshal, v.unmarshal = json.Marshal, json.Unmarshal
		if keepsNoJSON(t, map[reflect.Type]bool{}) {
			v.unmarshal = unmarshalJSON
		}
		v.exact = exactnessOf(t)
		v.pool = &sync.Pool{New: func() any { return new(T) }}
	}
	if err := v.probe(); err != nil {
		return nil, err
	}
	var zero T
	if _, ok := any(zero).(cloner[T]); ok {
		v.clone = func(t T) T { return any(t).(cloner[T]).Clone() }
	} else if _, ok := any(&zero).(cloner[T]); ok {
		v.clone = func(t T) T { return any(&t).(cloner[T]).Clone() }
	} else if marshal == nil {
		v.unshare, v.copies = unshareOf(t)
	}
	v.copies = v.copies || v.clone != nil || isFlat(t)
	return v, nil
}

type cloner[T any] interface{ Clone() T }

// probe encodes and decodes the zero T, so that a program with a type that the
// codec cannot handle fails at its start and not at the first login.
func (v *Type[T]) probe() error {
	var zero T
	data, err := v.marshal(&zero)
	if err != nil {
		return fmt.Errorf("codec cannot encode %v: %w", reflect.TypeFor[T](), err)
	}
	if err := v.unmarshal(data, &zero); err != nil {
		return fmt.Errorf("codec cannot decode its own output for %v: %w", reflect.TypeFor[T](), err)
	}
	return nil
}

// Encode returns the bytes that a store keeps of a value.
func (v *Type[T]) Encode(t *T) ([]byte, error) { return v.marshal(t) }

// Decode returns a new value from the output of Encode. The value is the
// caller's own.
func (v *Type[T]) Decode(data []byte) (*T, error) {
	t := new(T)
	return t, v.unmarshal(data, t)
}

// DecodeInto is Decode with the caller's memory, which must hold the zero T.
func (v *Type[T]) DecodeInto(data []byte, t *T) error { return v.unmarshal(data, t) }

// Exact reports whether Decode after Encode returns exactly *t. False may also
// mean that this is not known.
func (v *Type[T]) Exact(t *T) bool {
	return v.exact != nil && v.exact(reflect.ValueOf(t).Elem())
}

// CanCopy reports whether [Type.Copy] can copy a value that Decode returned.
func (v *Type[T]) CanCopy() bool { return v.copies }

// Copy returns a copy of a kept value. The copy is the caller's own.
func (v *Type[T]) Copy(kept *T) T {
	switch {
	case v.clone != nil:
		return v.clone(*kept)
	case v.unshare != nil:
		own := v.pool.Get().(*T)
		*own = *kept
		v.unshare(reflect.ValueOf(own).Elem())
		result := *own
		*own = *new(T) // or the pool would share the result's parts
		v.pool.Put(own)
		return result
	}
	return *kept
}

// Own returns a copy of a value of the program. The copy is the caller's own.
func (v *Type[T]) Own(t *T) (own T, err error) {
	if v.CanKeep() {
		v.Keep(&own, t, nil)
		return own, nil
	}
	data, err := v.marshal(t)
	if err == nil {
		err = v.unmarshal(data, &own)
	}
	return own, err
}

// CanKeep reports whether [Type.Keep] can copy a value of the program. It is
// false if T has a method Clone, because that method may share parts of a value
// that did not come from Decode.
func (v *Type[T]) CanKeep() bool { return v.copies && v.clone == nil }

// Keep makes *dst a copy of *t that shares nothing with it, its strings included.
// It takes equal strings from *base, a value that was kept before, or nil.
func (v *Type[T]) Keep(dst, t, base *T) {
	*dst = *t
	if v.unshare != nil {
		v.unshare(reflect.ValueOf(dst).Elem())
	}
	detach(dst, base)
}
