package humasess

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/humasess/sessions/internal/stored"
	"github.com/humasess/sessions/security"
)

// payload is what the core keeps in a record beside the columns of the store.
// Its first byte is the format's version. Fields follow as tag, length and
// value; unknown tags are kept, so that a process of the previous release
// that rewrites a record loses nothing a newer one has put there.
type payload struct {
	scheme        string   // of the manager that the record belongs to
	hash          [32]byte // SHA-256 of the current secret
	created       int64    // Unix nanoseconds on the core's clock
	authenticated int64    // the same, of the last Start or Reauthenticated
	methods       []byte   // by which; see encodeMethods
	class         string   // of which
	client        []byte   // the encoded Client
	idle          time.Duration
	remember      bool
	until         int64 // SetTTL's end on the core's clock, 0 if there is none

	rotated   int64 // when the current secret was made, 0 if with the session
	confirmed int64 // when it was first presented, 0 if never

	// The secret before the last rotation, while it is tolerated, and beside
	// it one that was replaced before anybody had presented it.
	tolerated bool
	previous  [32]byte
	skipped   [32]byte // zero if there is none

	older []byte // what superseded secrets are known by, oldest first

	csrf security.CSRFKey // zero if there is none

	write uint64 // the name of the last update, 0 if there was none

	data    []byte // T, encoded
	unknown []byte // fields of newer releases, as they came
}

const payloadVersion = stored.Version

// Tags are part of the stored format: never reuse one.
const (
	tagScheme        = stored.TagScheme
	tagHash          = 2
	tagCreated       = 3
	tagAuthenticated = 4
	tagIdle          = 5
	tagRemember      = 6
	tagPrevious      = 7
	tagRotated       = 8
	tagData          = 9
	tagConfirmed     = 10
	tagUntil         = 11
	tagSkipped       = 12
	tagOlder         = 13
	tagMethods       = 14
	tagClass         = 15
	tagClient        = 16
	tagCSRF          = 18
	tagWrite         = 19
	tagType          = stored.TagType
)

var errPayload = errors.New("record is not in a known payload format")

// encode returns the payload for a store on the server. The name of the session's
// type is for operators. Nothing checks it, because a program may rename its
// type, and decodePayload drops it. The time of the authentication is left out
// while it is the time of creation.
func (p *payload) encode(typeName string) []byte {
	b := make([]byte, 0, 128+len(p.scheme)+len(typeName)+len(p.data)+len(p.unknown))
	b = appendHead(b, p.scheme, p.hash)
	if typeName != "" {
		b = appendField(b, tagType, typeName)
	}
	b = appendInt(b, tagCreated, p.created)
	if p.authenticated != p.created {
		b = appendInt(b, tagAuthenticated, p.authenticated)
	}
	b = appendInt(b, tagIdle, int64(p.idle))
	if p.remember {
		b = appendField(b, tagRemember, "")
	}
	if p.until != 0 {
		b = appendInt(b, tagUntil, p.until)
	}
	if p.tolerated {
		b = appendField(b, tagPrevious, p.previous[:])
	}
	if p.rotated != 0 {
		b = appendInt(b, tagRotated, p.rotated)
	}
	if p.confirmed != 0 {
		b = appendInt(b, tagConfirmed, p.confirmed)
	}
	if p.skipped != [32]byte{} {
		b = appendField(b, tagSkipped, p.skipped[:])
	}
	if len(p.older) > 0 {
		b = appendField(b, tagOlder, p.older)
	}
	if len(p.methods) > 0 {
		b = appendField(b, tagMethods, p.methods)
	}
	if p.class != "" {
		b = appendField(b, tagClass, p.class)
	}
	if len(p.client) > 0 {
		b = appendField(b, tagClient, p.client)
	}
	if p.csrf != (security.CSRFKey{}) {
		b = appendField(b, tagCSRF, p.csrf[:])
	}
	if p.write != 0 {
		b = appendInt(b, tagWrite, int64(p.write))
	}
	b = append(b, p.unknown...)
	return appendField(b, tagData, p.data)
}

// appendHead begins every payload. [Manager.head] is a prefix of it, by which a
// store finds the sessions of one manager.
func appendHead(b []byte, scheme string, hash [32]byte) []byte {
	b = appendField(append(b, payloadVersion), tagScheme, scheme)
	return appendField(b, tagHash, hash[:])
}

func appendField[B string | []byte](b []byte, tag uint64, value B) []byte {
	b = binary.AppendUvarint(b, tag)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

func appendInt(b []byte, tag uint64, value int64) []byte {
	var buf [binary.MaxVarintLen64]byte
	return appendField(b, tag, buf[:binary.PutVarint(buf[:], value)])
}

// decodePayload reads what encode writes. The result aliases b, which nobody
// may change from then on.
func decodePayload(b []byte) (payload, error) {
	var p payload
	if len(b) == 0 || b[0] != payloadVersion {
		return p, errPayload
	}
	b = b[1:]
	authenticated := false
	for len(b) > 0 {
		tag, value, rest := stored.Cut(b)
		if rest == nil {
			return p, errPayload
		}
		ok := true
		switch tag {
		case tagScheme:
			p.scheme = schemeText(value)
		case tagHash:
			ok = copy(p.hash[:], value) == len(p.hash) && len(value) == len(p.hash)
		case tagCreated:
			p.created, ok = varint(value)
		case tagAuthenticated:
			p.authenticated, ok = varint(value)
			authenticated = true
		case tagIdle:
			var n int64
			n, ok = varint(value)
			p.idle = time.Duration(n)
		case tagRemember:
			p.remember = true
		case tagPrevious:
			ok = copy(p.previous[:], value) == len(p.previous) && len(value) == len(p.previous)
			p.tolerated = true
		case tagRotated:
			p.rotated, ok = varint(value)
		case tagUntil:
			p.until, ok = varint(value)
		case tagConfirmed:
			p.confirmed, ok = varint(value)
		case tagSkipped:
			ok = copy(p.skipped[:], value) == len(p.skipped) && len(value) == len(p.skipped)
		case tagOlder:
			p.older, ok = value, len(value) > 0 && len(value)%markLength == 0 && len(value) <= maxOlder*markLength
		case tagMethods:
			p.methods, ok = value, len(value) > 0
		case tagClass:
			p.class, ok = string(value), len(value) > 0
		case tagClient:
			p.client, ok = value, len(value) > 0
		case tagCSRF:
			ok = copy(p.csrf[:], value) == len(p.csrf) && len(value) == len(p.csrf)
		case tagWrite:
			var n int64
			n, ok = varint(value)
			p.write = uint64(n)
		case tagData:
			p.data = value
		case tagType: // written anew each time
		default:
			p.unknown = append(p.unknown, b[:len(b)-len(rest)]...)
		}
		if !ok {
			return p, errPayload
		}
		b = rest
	}
	if p.idle <= 0 || p.scheme == "" {
		return p, errPayload
	}
	if !authenticated {
		p.authenticated = p.created
	}
	if !p.tolerated {
		p.confirmed, p.skipped = 0, [32]byte{}
	}
	return p, nil
}

// schemeText saves the usual scheme an allocation.
func schemeText(value []byte) string {
	if string(value) == defaultSchemeName {
		return defaultSchemeName
	}
	return string(value)
}

func varint(b []byte) (int64, bool) {
	v, n := binary.Varint(b)
	return v, n > 0 && n == len(b)
}
