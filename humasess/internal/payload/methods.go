package payload

import (
	"encoding/binary"
	"iter"
	"time"
)

// AppendMethod appends a method of authentication with its time to the encoded
// methods b.
func AppendMethod(b []byte, name string, at time.Time) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
	return binary.AppendVarint(b, at.UnixNano())
}

// AllMethods returns the names and times in encoded methods. It stops at a damaged
// method, because a shorter list proves less.
func AllMethods(b []byte) iter.Seq2[string, time.Time] {
	return func(yield func(string, time.Time) bool) {
		for len(b) > 0 {
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return
			}
			name := string(b[n : n+int(size)])
			b = b[n+int(size):]
			at, n := binary.Varint(b)
			if n <= 0 || !yield(name, time.Unix(0, at)) {
				return
			}
			b = b[n:]
		}
	}
}
