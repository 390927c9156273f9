package values

import (
	"maps"
	"reflect"
	"slices"
)

// unshare turns a shallow copy of a value into a deep one: it replaces the slices,
// the maps and the targets of pointers with copies. A nil unshare is for flat
// values, whose shallow copy is a deep one.
type unshare func(v reflect.Value)

// unshareOf walks a type once. For plain kinds, encoding/json makes a tree: no two
// pointers in it have one target. unshareOf returns false for a type that decodes
// or contains itself, and for an unexported field that is not flat.
func unshareOf(t reflect.Type) (own unshare, ok bool) { return walk{}.unshare(t) }

func (w walk) unshare(t reflect.Type) (unshare, bool) {
	switch {
	case isFlat(t):
		return nil, true
	case t == rawMessageType:
		return ownBytes, true
	case marshals(t) || slices.Contains(w, t):
		return nil, false
	}
	w = append(slices.Clip(w), t)
	switch t.Kind() {
	case reflect.Array:
		return w.array(t)
	case reflect.Struct:
		return w.structure(t)
	case reflect.Slice:
		return w.slice(t)
	case reflect.Map:
		return w.mapping(t)
	case reflect.Pointer:
		return w.pointer(t)
	case reflect.Interface:
		return ownAny, t == anyType
	}
	return nil, false
}

func (w walk) array(t reflect.Type) (unshare, bool) {
	elem, ok := w.unshare(t.Elem())
	return func(v reflect.Value) {
		for i := range v.Len() {
			elem(v.Index(i))
		}
	}, ok
}

func (w walk) structure(t reflect.Type) (unshare, bool) {
	type part struct {
		index int
		own   unshare
	}
	var parts []part
	for i := range t.NumField() {
		f := t.Field(i)
		own, ok := w.unshare(f.Type)
		if !ok || own != nil && !f.IsExported() {
			return nil, false
		}
		if own != nil {
			parts = append(parts, part{i, own})
		}
	}
	return func(v reflect.Value) {
		for _, p := range parts {
			p.own(v.Field(p.index))
		}
	}, true
}

func (w walk) slice(t reflect.Type) (unshare, bool) {
	elem, ok := w.unshare(t.Elem())
	if t == reflect.TypeFor[[]string]() {
		return func(v reflect.Value) {
			s := v.Addr().Interface().(*[]string)
			*s = slices.Clone(*s)
		}, true
	}
	return func(v reflect.Value) {
		if v.IsNil() {
			return
		}
		kept := reflect.MakeSlice(t, v.Len(), v.Len())
		reflect.Copy(kept, v)
		if elem != nil {
			for i := range kept.Len() {
				elem(kept.Index(i))
			}
		}
		v.Set(kept)
	}, ok
}

func ownBytes(v reflect.Value) {
	if !v.IsNil() {
		v.SetBytes(append(make([]byte, 0, v.Len()), v.Bytes()...))
	}
}

func (w walk) mapping(t reflect.Type) (unshare, bool) {
	elem, ok := w.unshare(t.Elem())
	if marshals(t.Key()) || !isFlat(t.Key()) {
		return nil, false
	}
	return func(v reflect.Value) {
		if v.IsNil() {
			return
		}
		kept := reflect.MakeMapWithSize(t, v.Len())
		for each := v.MapRange(); each.Next(); {
			value := each.Value()
			if elem != nil {
				value = reflect.New(t.Elem()).Elem()
				value.Set(each.Value())
				elem(value)
			}
			kept.SetMapIndex(each.Key(), value)
		}
		v.Set(kept)
	}, ok
}

func (w walk) pointer(t reflect.Type) (unshare, bool) {
	elem, ok := w.unshare(t.Elem())
	return func(v reflect.Value) {
		if v.IsNil() {
			return
		}
		kept := reflect.New(t.Elem())
		kept.Elem().Set(v.Elem())
		if elem != nil {
			elem(kept.Elem())
		}
		v.Set(kept)
	}, ok
}

// ownAny copies the values that encoding/json puts into an interface.
func ownAny(v reflect.Value) {
	if p := v.Addr().Interface().(*any); *p != nil {
		*p = ownJSON(*p)
	}
}

func ownJSON(v any) any {
	switch v := v.(type) {
	case []any:
		kept := slices.Clone(v)
		for i := range kept {
			kept[i] = ownJSON(kept[i])
		}
		return kept
	case map[string]any:
		kept := maps.Clone(v)
		for key, value := range kept {
			kept[key] = ownJSON(value)
		}
		return kept
	}
	return v
}
