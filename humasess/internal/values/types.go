package values

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"time"
)

var (
	timeType       = reflect.TypeFor[time.Time]()
	anyType        = reflect.TypeFor[any]()
	rawMessageType = reflect.TypeFor[json.RawMessage]()
)

// walk holds the types that contain the present one, outermost first.
type walk []reflect.Type

// isFlat reports whether an assignment of a value copies everything that can
// change. time.Time holds a pointer to a location, which never changes.
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

func marshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return slices.ContainsFunc([]reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}, p.Implements)
}

const leaveOut = "tag the field `json:\"-\"`, or set Options.Codec"

func hasExported(t reflect.Type) bool {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() || f.Anonymous {
			return true
		}
	}
	return false
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}
