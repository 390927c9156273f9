package values

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// dataField is a field of a struct or of a struct embedded there, as
// encoding/json sees it.
type dataField struct {
	reflect.StructField

	path  string // from the outermost struct
	name  string // in JSON
	depth int
}

// embeddedStruct is a struct whose fields count as those of the outermost one.
type embeddedStruct struct {
	reflect.Type

	path string
}

// dataFields returns the fields that encoding/json writes of a struct, by its
// rules of precedence. Two fields of one name at one depth are an error. omitted
// reports whether the type leaves fields out on purpose.
func dataFields(t reflect.Type, path string) (written []dataField, omitted bool, err error) {
	var all []dataField
	var visited []reflect.Type
	level := []embeddedStruct{{t, path}}
	for depth := 0; len(level) > 0; depth++ {
		var next []embeddedStruct
		before := len(visited)
		for _, s := range level {
			if slices.Contains(visited[:before], s.Type) {
				continue
			}
			visited = append(visited, s.Type)
			fields, inner, leaves, err := fieldsOf(s, depth)
			if err != nil {
				return nil, false, err
			}
			all, next, omitted = append(all, fields...), append(next, inner...), omitted || leaves
		}
		level = next
	}
	written, err = dominant(all)
	return written, omitted, err
}

// fieldsOf returns the fields that a struct has itself and the structs that are
// embedded there.
func fieldsOf(s embeddedStruct, depth int) (fields []dataField, embedded []embeddedStruct, omitted bool, err error) {
	for i := range s.NumField() {
		f := dataField{StructField: s.Field(i), path: s.path + "." + s.Field(i).Name, depth: depth}
		if f.Tag.Get("json") == "-" {
			omitted = true
			continue
		}
		f.name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
		tagged := validName(f.name)
		if !tagged {
			f.name = f.Name
		}
		inner := deref(f.Type)
		switch {
		case f.Anonymous && !f.IsExported() && f.Type.Kind() == reflect.Pointer:
			return nil, nil, false, fmt.Errorf("%s: encoding/json cannot decode into an embedded pointer to the unexported %v: embed the struct itself", f.path, inner)
		case f.Anonymous && !tagged && inner.Kind() == reflect.Struct:
			if hidesData(inner, nil) {
				return nil, nil, false, fmt.Errorf("%s: the embedded %v has no exported field, so encoding/json writes nothing of it: "+
					"export its fields, give the field an exported name if the type encodes itself, or %s", f.path, inner, leaveOut)
			}
			embedded = append(embedded, embeddedStruct{inner, f.path})
		case f.IsExported() || f.Anonymous && inner.Kind() == reflect.Struct:
			fields = append(fields, f)
		}
	}
	return fields, embedded, omitted, nil
}

// dominant returns the fields that no shallower field of the same name hides.
func dominant(all []dataField) ([]dataField, error) {
	shallowest := map[string]dataField{}
	for _, f := range all { // in the order of their depth
		switch other, taken := shallowest[f.name]; {
		case !taken:
			shallowest[f.name] = f
		case other.depth == f.depth:
			return nil, fmt.Errorf("%s: encoding/json does not write both this field and %s, because both are named %q: "+
				"give one of them another name by a tag, or give an embedded struct a field name", f.path, other.path, f.name)
		}
	}
	return slices.DeleteFunc(all, func(f dataField) bool { return shallowest[f.name].path != f.path }), nil
}

// validName reports whether encoding/json takes the name of a tag.
func validName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// hidesData reports whether a struct has fields, and none that encoding/json
// writes. Locks and the like are no data.
func hidesData(t reflect.Type, seen []reflect.Type) bool {
	if t.PkgPath() == "sync" || t.PkgPath() == "sync/atomic" || slices.Contains(seen, t) {
		return false
	}
	hides := false
	for i := range t.NumField() {
		f := t.Field(i)
		inner := deref(f.Type)
		switch {
		case f.Tag.Get("json") == "-" || f.Type.Size() == 0 || f.Type.Kind() == reflect.Func || f.Type.Kind() == reflect.Chan:
		case f.IsExported() || f.Anonymous && inner.Kind() == reflect.Struct && hasExported(inner):
			return false
		case inner.Kind() != reflect.Struct || hidesData(inner, append(seen, t)):
			hides = true
		}
	}
	return hides
}

// checkSwallowed refuses a struct that gets its codec from an embedded field: the
// methods encode or decode the embedded value alone. It tries that out with each
// of the other fields, because the struct may have such methods itself.
func checkSwallowed(t reflect.Type, path string) error {
	if t.Kind() != reflect.Struct || !codes(t) {
		return nil
	}
	var others []reflect.StructField
	var codec *reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case codec == nil && f.Anonymous && codes(f.Type):
			codec = &f
		case f.IsExported() && f.Tag.Get("json") != "-":
			others = append(others, f)
		}
	}
	if codec == nil {
		return nil
	}
	gone := ""
	for _, f := range others {
		switch lost, known := loses(t, *codec, f); {
		case known && !lost:
			return nil
		case known && gone == "":
			gone = f.Name
		}
	}
	if gone == "" {
		return nil
	}
	return fmt.Errorf("%s: the methods of the embedded %v encode or decode the whole struct, so %s is lost: "+
		"give the embedded field a name, or add methods to %v", path, codec.Type, gone, t)
}

// codes reports whether a type or a pointer to it encodes or decodes itself.
func codes(t reflect.Type) bool {
	return slices.ContainsFunc([]reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}, func(method reflect.Type) bool { return t.Implements(method) || reflect.PointerTo(t).Implements(method) })
}

// loses reports whether a struct comes back from encoding/json without the value of
// the field. It is not known where the program's methods return an error or panic.
func loses(t reflect.Type, codec, field reflect.StructField) (lost, known bool) {
	defer func() {
		if recover() != nil {
			lost, known = false, false
		}
	}()
	in, out := reflect.New(t).Elem(), reflect.New(t).Elem()
	for _, v := range []reflect.Value{in, out} {
		if f := v.FieldByIndex(codec.Index); f.Kind() == reflect.Pointer && f.CanSet() {
			f.Set(reflect.New(f.Type().Elem()))
		}
	}
	if !sample(in.FieldByIndex(field.Index), 0) {
		return false, false
	}
	data, err := json.Marshal(in.Addr().Interface())
	if err != nil || json.Unmarshal(data, out.Addr().Interface()) != nil {
		return false, false
	}
	return out.FieldByIndex(field.Index).IsZero(), true
}

// sample sets a value that is not zero, and reports whether it could.
func sample(v reflect.Value, depth int) bool {
	if !v.CanSet() || depth > 4 {
		return false
	}
	switch {
	case v.CanInt():
		v.SetInt(1)
	case v.CanUint():
		v.SetUint(1)
	case v.CanFloat():
		v.SetFloat(1)
	default:
		return sampleOther(v, depth)
	}
	return true
}

func sampleOther(v reflect.Value, depth int) bool {
	switch v.Kind() {
	case reflect.String:
		v.SetString("1")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.Zero(v.Type().Key()), reflect.Zero(v.Type().Elem()))
	case reflect.Array:
		return v.Len() > 0 && sample(v.Index(0), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" && sample(v.Field(i), depth+1) {
				return true
			}
		}
		return false
	default:
		return false
	}
	return true
}
