package humasess

// Codec encodes session data for the store. The zero Codec is JSON. Both
// functions get a *T and are called concurrently; Marshal must not keep it, nor
// Unmarshal the bytes.
type Codec struct {
	Marshal   func(v any) ([]byte, error)
	Unmarshal func(data []byte, v any) error
}

// Cloner is implemented by session data that can copy itself: no slice, map
// or pointer of the copy may lead to the original. The copy is then made from
// a value that the memory store keeps decoded, which saves decoding it. Data of
// plain kinds, slices, maps and pointers are copied without it, unless they
// have a [Codec] of their own, or types that decode or contain themselves.
type Cloner[T any] interface{ Clone() T }
