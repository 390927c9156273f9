package payload

import (
	"encoding/binary"
	"slices"
	"time"
)

// The payload of a client-side session has no secret and no scheme, because the
// seal of the cookie stands for both. It has no idle timeout, which the record has.
// The first byte holds the version and flags. The time of creation in Unix seconds
// follows, then the other fields with their length if there are any, then the data.
const (
	clientSideVersion  = 1 << 4
	clientSideRemember = 1 << 0
	clientSideFields   = 1 << 1
	clientSideFlags    = clientSideRemember | clientSideFields

	clientSideHead = 1 + 4
)

// AppendClientSide appends the payload of a client-side session to b. It keeps
// unknown fields, as [Fields.Encode] does.
func (p *Fields) AppendClientSide(b []byte) []byte {
	head := clientSideVersion
	if p.Remember {
		head |= clientSideRemember
	}
	start := len(b)
	b = append(b, byte(head))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Created/int64(time.Second)))
	fields := len(b)
	if p.Authenticated != p.Created {
		b = appendInt(b, tagAuthenticated, p.Authenticated)
	}
	if p.Until != 0 {
		b = appendInt(b, tagUntil, p.Until)
	}
	if len(p.Methods) > 0 {
		b = appendField(b, tagMethods, p.Methods)
	}
	if p.Class != "" {
		b = appendField(b, tagClass, p.Class)
	}
	if len(p.Client) > 0 {
		b = appendField(b, tagClient, p.Client)
	}
	b = append(b, p.Unknown...)
	if n := len(b) - fields; n > 0 {
		b[start] |= clientSideFields
		var size [binary.MaxVarintLen64]byte
		b = slices.Insert(b, fields, size[:binary.PutUvarint(size[:], uint64(n))]...)
	}
	return append(b, p.Data...)
}

// DecodeClientSide reads the output of [Fields.AppendClientSide]. The result has the
// scheme and aliases b.
func DecodeClientSide(b []byte, scheme string) (Fields, error) {
	if len(b) < clientSideHead || b[0]&^clientSideFlags != clientSideVersion {
		return Fields{}, ErrFormat
	}
	p := Fields{
		Scheme:   scheme,
		Created:  int64(binary.BigEndian.Uint32(b[1:])) * int64(time.Second),
		Remember: b[0]&clientSideRemember != 0,
		Data:     b[clientSideHead:],
	}
	p.Authenticated = p.Created
	if b[0]&clientSideFields == 0 {
		return p, nil
	}
	size, n := binary.Uvarint(p.Data)
	if n <= 0 || size > uint64(len(p.Data)-n) {
		return Fields{}, ErrFormat
	}
	fields, data := p.Data[n:n+int(size)], p.Data[n+int(size):]

	whole := Fields{Scheme: scheme, Idle: 1}
	head := whole.Encode("") // ends with the data field, so fields can follow
	// The last field with a tag counts, so the time of creation comes last.
	read, err := Decode(appendInt(append(head, fields...), tagCreated, p.Created))
	// These fields count only where they are in this form.
	read.Scheme, read.Remember, read.Data = scheme, p.Remember, data
	return read, err
}
