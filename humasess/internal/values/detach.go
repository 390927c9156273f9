package values

import (
	"reflect"
	"strings"
)

// detach copies the strings of a value, so that the value may be kept. A handler's
// strings may point into a buffer that fasthttp reuses for the next request.
// detach takes a string from base if it is equal in the same place, which saves
// the copy of unchanged strings. base is nil or detached itself. The value's
// slices, maps and pointers are already its own.
func detach[T any](t, base *T) {
	v := reflect.ValueOf(t).Elem()
	if base == nil {
		detachValue(v, reflect.Value{})
		return
	}
	detachValue(v, reflect.ValueOf(base).Elem())
}

// detachValue is detach; the zero Value means that there is no base.
func detachValue(v, base reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); base.IsValid() && s == base.String() {
			v.SetString(base.String())
		} else {
			v.SetString(strings.Clone(s))
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			var old reflect.Value
			if base.IsValid() && i < base.Len() {
				old = base.Index(i)
			}
			detachValue(v.Index(i), old)
		}
	case reflect.Struct:
		if v.Type() == timeType {
			return
		}
		for i := range v.NumField() {
			old := base
			if base.IsValid() {
				old = base.Field(i)
			}
			detachValue(v.Field(i), old)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		var old reflect.Value
		if base.IsValid() {
			old = base.Elem() // of nil, the zero Value
		}
		detachValue(v.Elem(), old)
	case reflect.Map:
		detachMap(v)
	case reflect.Interface:
		if p := v.Addr().Interface().(*any); *p != nil {
			*p = detachJSON(*p)
		}
	}
}

func detachMap(v reflect.Value) {
	if v.IsNil() {
		return
	}
	t := v.Type()
	kept := reflect.MakeMapWithSize(t, v.Len())
	key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
	for each := v.MapRange(); each.Next(); {
		key.SetIterKey(each)
		value.SetIterValue(each)
		detachValue(key, reflect.Value{})
		detachValue(value, reflect.Value{})
		kept.SetMapIndex(key, value)
	}
	v.Set(kept)
}

func detachJSON(v any) any {
	switch v := v.(type) {
	case string:
		return strings.Clone(v)
	case []any:
		for i := range v {
			v[i] = detachJSON(v[i])
		}
	case map[string]any:
		kept := make(map[string]any, len(v))
		for key, value := range v {
			kept[strings.Clone(key)] = detachJSON(value)
		}
		return kept
	}
	return v
}
