package humasess

import (
	"reflect"
	"strings"
)

// detach makes a flat value's strings its own, so that it may be kept: those
// of a handler may point into a request's buffers, which fasthttp uses again
// for the next request. Strings that base has too are taken from there, which
// saves copying what a change has left alone; base is nil or detached itself.
func detach[T any](t, base *T) {
	v := reflect.ValueOf(t).Elem()
	if base == nil {
		detachValue(v, reflect.Zero(v.Type()))
		return
	}
	detachValue(v, reflect.ValueOf(base).Elem())
}

func detachValue(v, base reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s == base.String() {
			v.SetString(base.String())
		} else {
			v.SetString(strings.Clone(s))
		}
	case reflect.Array:
		for i := range v.Len() {
			detachValue(v.Index(i), base.Index(i))
		}
	case reflect.Struct:
		if v.Type() == timeType {
			return
		}
		for i := range v.NumField() {
			detachValue(v.Field(i), base.Field(i))
		}
	}
}
