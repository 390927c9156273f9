package humasess

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// exactness reports which values of a flat type come back from encoding/json
// exactly as they were. After a change to such a value the next reader can
// copy it instead of decoding it; for all others decoding decides what the
// change has come to. nil knows none.
type exactness func(reflect.Value) bool

func always(reflect.Value) bool { return true }

// exactnessOf walks a type once. It knows exported fields of plain kinds, and
// time.Time; a marshaler, an embedded struct, a tag with options or a name
// that could be taken for another's makes it give up.
func exactnessOf(t reflect.Type) exactness {
	switch {
	case t == timeType:
		return exactTime
	case marshals(t):
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) bool { return utf8.ValidString(v.String()) }
	case reflect.Array:
		return exactArray(t)
	case reflect.Struct:
		return exactStruct(t)
	case reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return always
	}
	return nil
}

// exactTime knows what JSON drops: the monotonic reading and the name of the
// location.
func exactTime(v reflect.Value) bool {
	t := v.Addr().Interface().(*time.Time)
	return *t == t.UTC().Round(0) //nolint:staticcheck // representation is the question, not the instant
}

func exactArray(t reflect.Type) exactness {
	elem := exactnessOf(t.Elem())
	if elem == nil {
		return nil
	}
	return func(v reflect.Value) bool {
		for i := range v.Len() {
			if !elem(v.Index(i)) {
				return false
			}
		}
		return true
	}
}

func exactStruct(t reflect.Type) exactness {
	fields := make([]exactness, t.NumField())
	names := map[string]bool{}
	for i := range fields {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		name = strings.ToLower(name)
		fields[i] = exactnessOf(f.Type)
		if !f.IsExported() || f.Anonymous || options != "" || names[name] || !plainName(name) || fields[i] == nil {
			return nil
		}
		names[name] = true
	}
	return func(v reflect.Value) bool {
		for i, field := range fields {
			if !field(v.Field(i)) {
				return false
			}
		}
		return true
	}
}

// plainName reports whether encoding/json takes a name from a tag and folds
// it as strings.ToLower does.
func plainName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	})
}

func marshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return slices.ContainsFunc([]reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}, p.Implements)
}
