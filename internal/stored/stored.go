// Package stored reads from a stored session which program it belongs to. It
// has the part of the format that humasess shares with its command.
package stored

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// Version is the first byte of every payload. Fields follow as tag, length and
// value.
const Version = 1

// Tags of the fields that say where a session comes from.
const (
	TagScheme = 1
	TagType   = 17
	TagBearer = 20 // present when the token goes in the header Authorization
)

// MaxType bounds the name of a type, in bytes.
const MaxType = 64

var errFormat = errors.New("stored: not a session in a known format")

// Cut returns the first field of b. The rest is nil if b does not start with a
// whole field.
func Cut(b []byte) (tag uint64, value, rest []byte) {
	tag, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, nil
	}
	size, m := binary.Uvarint(b[n:])
	if m <= 0 || size > uint64(len(b)-n-m) {
		return 0, nil, nil
	}
	end := n + m + int(size)
	return tag, b[n+m : end : end], b[end:]
}

// TypeName returns the name that a record keeps of a type: at most [MaxType]
// bytes of it.
func TypeName(name string) string {
	if len(name) <= MaxType {
		return name
	}
	end := MaxType
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}

// Origin returns the scheme and the type of the session that has the payload.
// The type is "" in sessions that an older release wrote.
func Origin(payload []byte) (scheme, typeName string, err error) {
	if len(payload) == 0 || payload[0] != Version {
		return "", "", errFormat
	}
	for b := payload[1:]; len(b) > 0; {
		tag, value, rest := Cut(b)
		if rest == nil {
			return "", "", errFormat
		}
		switch tag {
		case TagScheme:
			scheme = string(value)
		case TagType:
			typeName = string(value)
		}
		b = rest
	}
	if scheme == "" {
		return "", "", errFormat
	}
	return scheme, typeName, nil
}
