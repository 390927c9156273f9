package values

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// exactness reports whether a value comes back from encoding/json exactly as it
// was. After a change to such a value the next reader can copy it. Any other
// value must be decoded, because decoding may change it. A nil exactness is for
// types of which no value is known to be exact.
type exactness func(reflect.Value) bool

func always(reflect.Value) bool { return true }

// exactnessOf walks a type once. It knows exported fields of plain kinds, and
// time.Time. It returns nil for a marshaler, an embedded struct, an unknown option
// of a tag, two names that encoding/json may confuse, and a type that contains
// itself.
func exactnessOf(t reflect.Type) exactness { return walk{}.exactness(t) }

var numberType = reflect.TypeFor[json.Number]() // an empty one is written as 0

func (w walk) exactness(t reflect.Type) exactness {
	switch {
	case t == timeType:
		return exactTime
	case marshals(t) || t == numberType || slices.Contains(w, t):
		return nil
	}
	w = append(slices.Clip(w), t)
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) bool { return utf8.ValidString(v.String()) }
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !marshals(t.Elem()) {
			return always // as base64
		}
		return w.exactElems(t)
	case reflect.Array:
		return w.exactElems(t)
	case reflect.Struct:
		return w.exactStruct(t)
	case reflect.Map:
		return w.exactMap(t)
	case reflect.Pointer:
		return w.exactPointer(t)
	case reflect.Interface:
		if t == anyType {
			return func(v reflect.Value) bool { return v.IsNil() || exactJSON(v.Elem().Interface()) }
		}
	case reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return always
	}
	return nil
}

// exactTime refuses the two parts of a time that JSON drops: the monotonic reading
// and the name of the location.
func exactTime(v reflect.Value) bool {
	t := v.Addr().Interface().(*time.Time)
	return *t == t.UTC().Round(0) //nolint:staticcheck // representation is the question, not the instant
}

func (w walk) exactElems(t reflect.Type) exactness {
	elem := w.exactness(t.Elem())
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

// exactMap returns nil unless the keys are strings: other keys are written as text.
func (w walk) exactMap(t reflect.Type) exactness {
	elem := w.exactness(t.Elem())
	if elem == nil || t.Key().Kind() != reflect.String || marshals(t.Key()) {
		return nil
	}
	return func(v reflect.Value) bool {
		value := reflect.New(t.Elem()).Elem()
		for each := v.MapRange(); each.Next(); {
			value.SetIterValue(each)
			if !utf8.ValidString(each.Key().String()) || !elem(value) {
				return false
			}
		}
		return true
	}
}

// exactPointer returns nil for a pointer whose target may itself be null in JSON.
func (w walk) exactPointer(t reflect.Type) exactness {
	switch t.Elem().Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return nil
	}
	elem := w.exactness(t.Elem())
	if elem == nil {
		return nil
	}
	return func(v reflect.Value) bool { return v.IsNil() || elem(v.Elem()) }
}

// exactJSON reports whether encoding/json would put such a value into an interface.
func exactJSON(v any) bool {
	switch v := v.(type) {
	case nil, bool, float64:
		return true
	case string:
		return utf8.ValidString(v)
	case []any:
		return v != nil && !slices.ContainsFunc(v, func(e any) bool { return !exactJSON(e) })
	case map[string]any:
		for key, e := range v {
			if !utf8.ValidString(key) || !exactJSON(e) {
				return false
			}
		}
		return v != nil
	}
	return false
}

func (w walk) exactStruct(t reflect.Type) exactness {
	fields := make([]exactness, t.NumField())
	names := map[string]bool{}
	for i := range fields {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		name = strings.ToLower(name)
		fields[i] = w.exactness(f.Type)
		if option == "omitempty" {
			fields[i] = exactUnlessEmpty(f.Type, fields[i])
		}
		if !f.IsExported() || f.Anonymous || option != "" && option != "omitempty" || names[name] || !plainName(name) || fields[i] == nil {
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

// exactUnlessEmpty is for fields with omitempty. A field that is left out decodes
// as the zero value, and some empty values are not the zero value.
func exactUnlessEmpty(t reflect.Type, field exactness) exactness {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return field.and(func(v reflect.Value) bool { return v.IsNil() || v.Len() > 0 })
	case reflect.Float32, reflect.Float64:
		return field.and(func(v reflect.Value) bool { return v.Float() != 0 || !math.Signbit(v.Float()) })
	}
	return field
}

func (e exactness) and(other exactness) exactness {
	if e == nil {
		return nil
	}
	return func(v reflect.Value) bool { return e(v) && other(v) }
}

// plainName reports whether encoding/json takes a name from a tag and folds
// it as strings.ToLower does.
func plainName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	})
}
