package values

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"sync"
)

// jsonReader decodes one value after the other with the memory of one
// [json.Decoder]. [json.Unmarshal] allocates memory beside the value, which is a
// third of the allocations of a request.
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

// maxPooledJSON bounds the memory that a jsonReader keeps, in bytes.
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
		// A decoder cannot continue after an error, and it accepts the first of
		// two values. Unmarshal returns the right error.
		return json.Unmarshal(data, v)
	}
	r.read += int64(len(data))
	r.in.Reset(nil)
	jsonReaders.Put(r)
	return nil
}

// keepsNoJSON reports whether decoding a value of the type runs only code of
// encoding/json and time. Other code may keep the bytes that it gets, against the
// rules, and a jsonReader reuses its bytes for another session.
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
