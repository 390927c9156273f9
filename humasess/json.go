package humasess

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"sync"
)

// jsonReader decodes one value after the other with the memory of one
// [json.Decoder]: what [json.Unmarshal] allocates beside the value is a third
// of what a request allocates.
type jsonReader struct {
	in   bytes.Reader
	dec  *json.Decoder
	read int64 // bytes of all values so far
}

var jsonReaders = sync.Pool{New: func() any {
	r := &jsonReader{}
	r.dec = json.NewDecoder(&r.in)
	return r
}}

// maxPooledJSON bounds what a jsonReader keeps, in bytes.
const maxPooledJSON = 16 << 10

// unmarshalJSON is [json.Unmarshal] for types that [keepsNoJSON].
func unmarshalJSON(data []byte, v any) error {
	if len(data) == 0 || len(data) > maxPooledJSON || data[len(data)-1] <= ' ' {
		return json.Unmarshal(data, v)
	}
	r := jsonReaders.Get().(*jsonReader)
	r.in.Reset(data)
	err := r.dec.Decode(v)
	if read := r.dec.InputOffset() - r.read; err != nil || read != int64(len(data)) {
		// A decoder does not go on after an error, and takes the first of two
		// values. What is wrong is for Unmarshal to say.
		return json.Unmarshal(data, v)
	}
	r.read += int64(len(data))
	r.in.Reset(nil)
	jsonReaders.Put(r)
	return nil
}

// keepsNoJSON reports whether decoding a value of the type runs no code but
// that of encoding/json and time. Other code may keep the bytes that it is
// given, against the rules: those of a jsonReader turn into another session's.
func keepsNoJSON(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t == timeType || seen[t] {
		return true
	}
	seen[t] = true
	for _, own := range []reflect.Type{t, reflect.PointerTo(t)} {
		if own.Implements(reflect.TypeFor[json.Unmarshaler]()) || own.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return false
		}
	}
	switch t.Kind() {
	case reflect.Array, reflect.Slice, reflect.Pointer:
		return keepsNoJSON(t.Elem(), seen)
	case reflect.Map:
		return keepsNoJSON(t.Key(), seen) && keepsNoJSON(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if !keepsNoJSON(t.Field(i).Type, seen) {
				return false
			}
		}
	}
	return true
}
