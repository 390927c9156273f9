package security

import (
	"crypto/aes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
)

// Sealer encrypts and authenticates values for cookies. Sealers are safe for
// concurrent use.
type Sealer interface {
	// Seal returns text for a cookie. Only Open with the same binding opens it.
	// Sealing the same value twice gives different texts.
	Seal(value []byte, b Binding) (string, error)

	// Open returns the sealed value. Any invalid text gives [ErrNotSealed]. Old
	// is true if a key other than the first opened it; then seal the value
	// again when it is next written.
	Open(text string, b Binding) (value []byte, old bool, err error)
}

// AppendSealer is a [Sealer] that appends to memory of the caller, as both
// sealers of this package do. The memory may be nil, and must not overlap other
// arguments.
type AppendSealer interface {
	Sealer

	// AppendSeal is Seal, except that it appends the text to dst.
	AppendSeal(dst, value []byte, b Binding) ([]byte, error)

	// AppendOpen is Open, except that it appends the value to dst. With an
	// error it returns nil, and the bytes after dst in its array are undefined.
	AppendOpen(dst []byte, text string, b Binding) (opened []byte, old bool, err error)
}

// AppendSeal appends the text that s makes of the value.
func AppendSeal(s Sealer, dst, value []byte, b Binding) ([]byte, error) {
	if a, ok := s.(AppendSealer); ok {
		return a.AppendSeal(dst, value, b)
	}
	text, err := s.Seal(value, b)
	return append(dst, text...), err
}

// AppendOpen appends the value that s opens.
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

// ErrNotSealed is returned for text that was not sealed for this binding by one
// of the keys. All reasons give this one error, so an attacker learns no more.
var ErrNotSealed = errors.New("security: text was not sealed for this use by one of the keys")

// Binding ties sealed text to its use, so the text does not open for another
// one.
type Binding struct {
	Cookie  string // name of the cookie
	Manager string // the manager's scheme
	Purpose string // the kind of value, for example "token"
}

// appendTo encodes the binding. Different bindings have different encodings.
func (b Binding) appendTo(d []byte) []byte {
	for _, s := range [...]string{b.Cookie, b.Manager, b.Purpose} {
		d = binary.AppendUvarint(d, uint64(len(s)))
		d = append(d, s...)
	}
	return d
}

// maxSealed bounds the text that a sealer opens, in bytes, because no cookie is
// longer (RFC 6265bis § 5.6).
const maxSealed = 4096

// scratch is memory for one call of a sealer. In the pool it holds no key and
// no value, only public data.
type scratch struct {
	text    []byte // as in the cookie
	sealed  []byte // decoded text
	binding []byte
	key     [2 * aes.BlockSize]byte // zero unless in use
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// done clears the key and returns the scratch to the pool.
func (s *scratch) done() {
	clear(s.key[:])
	scratches.Put(s)
}

// decode decodes text. It accepts one spelling only, although the decoder of
// base64 ignores line breaks.
func (s *scratch) decode(encoding *base64.Encoding, text string) ([]byte, bool) {
	s.text = append(s.text[:0], text...)
	s.sealed = slices.Grow(s.sealed[:0], encoding.DecodedLen(len(text)))
	n, err := encoding.Decode(s.sealed[:encoding.DecodedLen(len(text))], s.text)
	s.sealed = s.sealed[:n]
	return s.sealed, err == nil && encoding.EncodedLen(n) == len(text)
}
