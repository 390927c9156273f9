// Package payload is the stored format of sessions: the bytes that the core keeps
// in a record beside the columns of the store.
//
// The format has two forms. [Fields.Encode] writes the one for a store on the
// server, and [Fields.AppendClientSide] the shorter one for a client-side session.
// The first byte of both is a version. Both keep fields that they do not know, so
// that a process of the previous release loses nothing of a newer one. The golden
// files in testdata pin the bytes.
package payload

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/internal/stored"
)

// Fields are the fields of a payload. All times are Unix nanoseconds; 0 stands for
// none in Until, Rotated and Confirmed.
type Fields struct {
	Scheme        string   // of the manager that the record belongs to
	Hash          [32]byte // SHA-256 of the current secret
	Created       int64    // on the core's clock
	Authenticated int64    // on the core's clock, the latest proof of the user
	Methods       []byte   // of the authentication; see [AppendMethod]
	Class         string   // of the authentication
	Client        []byte   // see [EncodeClient]
	Idle          time.Duration
	Remember      bool
	Bearer        bool  // the token goes in the header Authorization, and not in a cookie
	Until         int64 // on the core's clock, set by SetTTL

	Rotated   int64 // when the current secret was made, if not with the session
	Confirmed int64 // when a client first presented the current secret

	// The secret before the last rotation, while it still opens the session.
	// Skipped is a secret that was replaced before a client presented it; it
	// is zero if there is none.
	Tolerated bool
	Previous  [32]byte
	Skipped   [32]byte

	Older []byte // marks of superseded secrets, oldest first; see [Fields.Supersede]

	CSRF credential.CSRFKey // zero if there is none

	Write uint64 // the name of the last update, 0 if there is none

	Data    []byte // the session's data, encoded
	Unknown []byte // fields of newer releases, unchanged
}

// DefaultScheme is the scheme of most managers. [Decode] does not allocate memory
// for it.
const DefaultScheme = "sessionCookie"

const version = stored.Version

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
	tagBearer        = stored.TagBearer
	tagType          = stored.TagType
)

const (
	// maxOlder is how many marks of superseded secrets a payload holds.
	maxOlder = 16

	// markLength is how many bytes of a hash are its mark. A chance match does
	// no more than a guess of a public ID would.
	markLength = 8
)

// ErrFormat is the error for bytes that are not a payload.
var ErrFormat = errors.New("record is not in a known payload format")

// NewWriteName returns a name for an update that no other update has. It is not a
// secret.
func NewWriteName() uint64 {
	for {
		if name := rand.Uint64(); name != 0 { //nolint:gosec // tells writes apart, and nothing else
			return name
		}
	}
}

// Encode returns the payload for a store on the server. The name of the session's
// type is for operators. Nothing checks it, because a program may rename its
// type, and Decode drops it. The time of the authentication is left out if it is
// the time of creation. The result has no spare capacity.
//
// Afterwards the slices of p are parts of the result, as after [Decode], so p keeps
// nothing else alive.
func (p *Fields) Encode(typeName string) []byte {
	var room [512]byte // of most payloads
	var parts [5]part
	b := room[:0]
	b = appendHead(b, p.Scheme, p.Hash)
	if typeName != "" {
		b = appendField(b, tagType, typeName)
	}
	b = appendInt(b, tagCreated, p.Created)
	if p.Authenticated != p.Created {
		b = appendInt(b, tagAuthenticated, p.Authenticated)
	}
	b = appendInt(b, tagIdle, int64(p.Idle))
	if p.Remember {
		b = appendField(b, tagRemember, "")
	}
	if p.Until != 0 {
		b = appendInt(b, tagUntil, p.Until)
	}
	if p.Tolerated {
		b = appendField(b, tagPrevious, p.Previous[:])
	}
	if p.Rotated != 0 {
		b = appendInt(b, tagRotated, p.Rotated)
	}
	if p.Confirmed != 0 {
		b = appendInt(b, tagConfirmed, p.Confirmed)
	}
	if p.Skipped != [32]byte{} {
		b = appendField(b, tagSkipped, p.Skipped[:])
	}
	if len(p.Older) > 0 {
		b = appendField(b, tagOlder, p.Older)
	}
	parts[0] = part{&p.Older, len(b)}
	if len(p.Methods) > 0 {
		b = appendField(b, tagMethods, p.Methods)
	}
	parts[1] = part{&p.Methods, len(b)}
	if p.Class != "" {
		b = appendField(b, tagClass, p.Class)
	}
	if len(p.Client) > 0 {
		b = appendField(b, tagClient, p.Client)
	}
	parts[2] = part{&p.Client, len(b)}
	if p.CSRF != (credential.CSRFKey{}) {
		b = appendField(b, tagCSRF, p.CSRF[:])
	}
	if p.Bearer {
		b = appendField(b, tagBearer, "")
	}
	if p.Write != 0 {
		b = appendInt(b, tagWrite, int64(p.Write))
	}
	b = append(b, p.Unknown...)
	parts[3] = part{&p.Unknown, len(b)}
	b = appendField(b, tagData, p.Data)
	parts[4] = part{&p.Data, len(b)}
	result := append(make([]byte, 0, len(b)), b...)
	for _, of := range parts {
		if n := len(*of.field); n > 0 {
			*of.field = result[of.end-n : of.end : of.end]
		}
	}
	return result
}

// part is a field whose bytes end at a place in the payload.
type part struct {
	field *[]byte
	end   int
}

// Head returns the first bytes of every payload of a scheme. A store finds the
// sessions of a manager by them.
func Head(scheme string) []byte {
	return appendField([]byte{version}, tagScheme, scheme)
}

// appendHead appends the first fields of every payload, which [Head] is a prefix of.
func appendHead(b []byte, scheme string, hash [32]byte) []byte {
	b = appendField(append(b, version), tagScheme, scheme)
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

// Decode reads the output of [Fields.Encode]. The result aliases b, so the caller
// must not change b any more.
func Decode(b []byte) (Fields, error) {
	var p Fields
	if len(b) == 0 || b[0] != version {
		return p, ErrFormat
	}
	b = b[1:]
	authenticated := false
	for len(b) > 0 {
		tag, value, rest := stored.Cut(b)
		if rest == nil {
			return p, ErrFormat
		}
		ok := true
		switch tag {
		case tagScheme:
			p.Scheme = schemeText(value)
		case tagHash:
			ok = copy(p.Hash[:], value) == len(p.Hash) && len(value) == len(p.Hash)
		case tagCreated:
			p.Created, ok = varint(value)
		case tagAuthenticated:
			p.Authenticated, ok = varint(value)
			authenticated = true
		case tagIdle:
			var n int64
			n, ok = varint(value)
			p.Idle = time.Duration(n)
		case tagRemember:
			p.Remember = true
		case tagPrevious:
			ok = copy(p.Previous[:], value) == len(p.Previous) && len(value) == len(p.Previous)
			p.Tolerated = true
		case tagRotated:
			p.Rotated, ok = varint(value)
		case tagUntil:
			p.Until, ok = varint(value)
		case tagConfirmed:
			p.Confirmed, ok = varint(value)
		case tagSkipped:
			ok = copy(p.Skipped[:], value) == len(p.Skipped) && len(value) == len(p.Skipped)
		case tagOlder:
			p.Older, ok = value, len(value) > 0 && len(value)%markLength == 0 && len(value) <= maxOlder*markLength
		case tagMethods:
			p.Methods, ok = value, len(value) > 0
		case tagClass:
			p.Class, ok = string(value), len(value) > 0
		case tagClient:
			p.Client, ok = value, len(value) > 0
		case tagCSRF:
			ok = copy(p.CSRF[:], value) == len(p.CSRF) && len(value) == len(p.CSRF)
		case tagBearer:
			p.Bearer = true
		case tagWrite:
			var n int64
			n, ok = varint(value)
			p.Write = uint64(n)
		case tagData:
			p.Data = value
		case tagType: // written anew each time
		default:
			p.Unknown = append(p.Unknown, b[:len(b)-len(rest)]...)
		}
		if !ok {
			return p, ErrFormat
		}
		b = rest
	}
	if p.Idle <= 0 || p.Scheme == "" {
		return p, ErrFormat
	}
	if !authenticated {
		p.Authenticated = p.Created
	}
	if !p.Tolerated {
		p.Confirmed, p.Skipped = 0, [32]byte{}
	}
	return p, nil
}

// schemeText does not allocate memory for the default scheme.
func schemeText(value []byte) string {
	if string(value) == DefaultScheme {
		return DefaultScheme
	}
	return string(value)
}

func varint(b []byte) (int64, bool) {
	v, n := binary.Varint(b)
	return v, n > 0 && n == len(b)
}
