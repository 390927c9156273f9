package values

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// check refuses types whose values encoding/json does not bring back, because the
// data of a session would be lost at the next request. It looks at every field
// that encoding/json would write.
func check(t reflect.Type) error { return (&typeCheck{}).check(t, t.String()) }

// typeCheck holds the types that it has seen, because types may contain
// themselves.
type typeCheck struct{ seen []reflect.Type }

func (c *typeCheck) check(t reflect.Type, path string) error {
	if t == timeType || slices.Contains(c.seen, t) {
		return nil
	}
	c.seen = append(c.seen, t)
	if err := checkSwallowed(t, path); err != nil {
		return err
	}
	if own, err := ownCodec(t); own || err != nil {
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}
	switch t.Kind() {
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("%s: %v is an interface with methods, and encoding/json cannot decode into one: use a concrete type", path, t)
		}
	case reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Errorf("%s: encoding/json cannot encode %v: %s", path, t, leaveOut)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return c.check(t.Elem(), path)
	case reflect.Map:
		if err := checkKey(t.Key(), path); err != nil {
			return err
		}
		if err := checkMapValue(t.Elem(), path); err != nil {
			return err
		}
		return c.check(t.Elem(), path)
	case reflect.Struct:
		return c.checkStruct(t, path)
	}
	return nil
}

// ownCodec reports whether a type encodes and decodes itself. A type that does
// only one of the two is an error: the other direction is a guess.
func ownCodec(t reflect.Type) (bool, error) {
	p := reflect.PointerTo(t)
	encodesJSON, decodesJSON := p.Implements(reflect.TypeFor[json.Marshaler]()), p.Implements(reflect.TypeFor[json.Unmarshaler]())
	encodesText, decodesText := p.Implements(reflect.TypeFor[encoding.TextMarshaler]()), p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	switch {
	case encodesJSON && !decodesJSON && !decodesText:
		return false, fmt.Errorf("%v has MarshalJSON and no UnmarshalJSON, so it does not come back: add the method, or %s", t, leaveOut)
	case encodesText && !encodesJSON && !decodesText && !decodesJSON:
		return false, fmt.Errorf("%v has MarshalText and no UnmarshalText, so it does not come back: add the method, or %s", t, leaveOut)
	case decodesText && !decodesJSON && !encodesText && !encodesJSON && t.Kind() != reflect.String:
		return false, fmt.Errorf("%v has UnmarshalText and no MarshalText, so it does not come back: add the method, or %s", t, leaveOut)
	case decodesJSON && decodesCopy(t, reflect.TypeFor[json.Unmarshaler]()):
		return false, fmt.Errorf("%v has an UnmarshalJSON that decodes into a copy or into an embedded pointer, so nothing comes back: declare it on *%v", t, t)
	case decodesText && !decodesJSON && decodesCopy(t, reflect.TypeFor[encoding.TextUnmarshaler]()):
		return false, fmt.Errorf("%v has an UnmarshalText that decodes into a copy or into an embedded pointer, so nothing comes back: declare it on *%v", t, t)
	}
	return encodesJSON || encodesText, nil
}

// decodesCopy reports whether a method that decodes cannot change its receiver. A
// type without data has nothing to change.
func decodesCopy(t, method reflect.Type) bool { return t.Implements(method) && t.Size() > 0 }

// checkKey refuses keys of maps that encoding/json does not write or read.
func checkKey(t reflect.Type, path string) error {
	encodes, decodes := t.Implements(reflect.TypeFor[encoding.TextMarshaler]()), reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	if decodes && decodesCopy(t, reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return fmt.Errorf("%s: the map keys %v have an UnmarshalText that decodes into a copy, so nothing comes back: declare it on *%v", path, t, t)
	}
	switch t.Kind() {
	case reflect.String: // written as it is; a TextUnmarshaler alone would change it
		if encodes == decodes || !decodes {
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if encodes == decodes {
			return nil
		}
	default:
		if encodes && decodes {
			return nil
		}
	}
	return fmt.Errorf("%s: encoding/json does not bring back map keys of type %v: use strings or integers", path, t)
}

// checkMapValue refuses values whose methods encoding/json does not find, because
// a value in a map has no address.
func checkMapValue(t reflect.Type, path string) error {
	for _, method := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if !t.Implements(method) && reflect.PointerTo(t).Implements(method) && t.Kind() != reflect.Pointer {
			return fmt.Errorf("%s: %v encodes itself through a pointer, which encoding/json does not have in a map: use map values of type *%v", path, t, t)
		}
	}
	return nil
}

func (c *typeCheck) checkStruct(t reflect.Type, path string) error {
	fields, omitted, err := dataFields(t, path)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if err := c.check(f.Type, f.path); err != nil {
			return err
		}
	}
	if len(fields) == 0 && !omitted && t.NumField() > 0 {
		return fmt.Errorf("%s: %v has no exported field, so encoding/json writes nothing of it: export the fields, or set Options.Codec", path, t)
	}
	return nil
}
