package security

import (
	"crypto/aes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
)

// Sealer encrypts and authenticates what travels in a cookie. Sealers are
// safe for concurrent use.
type Sealer interface {
	// Seal returns text for a cookie that only Open with the same binding
	// opens. Sealing the same value twice gives different texts.
	Seal(value []byte, b Binding) (string, error)

	// Open returns what was sealed. Whatever is wrong with the text, the
	// error is [ErrNotSealed]. old is true when another key than the first
	// has opened it: seal the value again when it is next written.
	Open(text string, b Binding) (value []byte, old bool, err error)
}

// AppendSealer is a [Sealer] that can do without memory of its own, as both of
// this package do. What they append to may be nil, and overlaps nothing else.
type AppendSealer interface {
	Sealer

	// AppendSeal is Seal that appends the text.
	AppendSeal(dst, value []byte, b Binding) ([]byte, error)

	// AppendOpen is Open that appends what was sealed. With an error it
	// returns nil, and what follows dst in its array is undefined.
	AppendOpen(dst []byte, text string, b Binding) (opened []byte, old bool, err error)
}

// AppendSeal appends what s seals.
func AppendSeal(s Sealer, dst, value []byte, b Binding) ([]byte, error) {
	if a, ok := s.(AppendSealer); ok {
		return a.AppendSeal(dst, value, b)
	}
	text, err := s.Seal(value, b)
	return append(dst, text...), err
}

// AppendOpen appends what s opens.
func AppendOpen(s Sealer, dst []byte, text string, b Binding) (opened []byte, old bool, err error) {
	if a, ok := s.(AppendSealer); ok {
		return a.AppendOpen(dst, text, b)
	}
	value, old, err := s.Open(text, b)
	if err != nil {
		return nil, false, err
	}
	return append(dst, value...), old, nil
}

// ErrNotSealed is returned for text that was not sealed for this binding by
// one of the keys: one answer, whatever the reason.
var ErrNotSealed = errors.New("security: not sealed by one of the keys for this use")

// Binding ties sealed text to its use, so that it opens nowhere else.
type Binding struct {
	Cookie  string // name of the cookie
	Manager string // the manager's scheme
	Purpose string // what the value is, for example "token"
}

// appendTo encodes the binding so that no two of them read alike.
func (b Binding) appendTo(d []byte) []byte {
	for _, s := range [...]string{b.Cookie, b.Manager, b.Purpose} {
		d = binary.AppendUvarint(d, uint64(len(s)))
		d = append(d, s...)
	}
	return d
}

// maxSealed bounds text that is looked at, in bytes: no cookie is longer
// (RFC 6265bis § 5.6).
const maxSealed = 4096

// scratch is memory for one call of a sealer. What is pooled holds no key and
// no value, only what has been or is to be public.
type scratch struct {
	text    []byte // as it travels
	sealed  []byte // the same, decoded
	binding []byte
	key     [2 * aes.BlockSize]byte // zero unless in use
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// done gives the scratch back.
func (s *scratch) done() {
	clear(s.key[:])
	scratches.Put(s)
}

// decode decodes text in one spelling only: the decoder passes over line
// breaks.
func (s *scratch) decode(encoding *base64.Encoding, text string) ([]byte, bool) {
	s.text = append(s.text[:0], text...)
	s.sealed = slices.Grow(s.sealed[:0], encoding.DecodedLen(len(text)))
	n, err := encoding.Decode(s.sealed[:encoding.DecodedLen(len(text))], s.text)
	s.sealed = s.sealed[:n]
	return s.sealed, err == nil && encoding.EncodedLen(n) == len(text)
}
