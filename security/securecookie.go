package security

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync/atomic"

	"github.com/gorilla/securecookie"
)

// secureCookieVersion is the first byte of a value that secureCookieSealer
// seals.
const secureCookieVersion = 1

// secureCookieSealer is gorilla/securecookie: AES-256-CTR, then HMAC-SHA-256.
type secureCookieSealer struct {
	codecs []*securecookie.SecureCookie
	last   atomic.Pointer[namedBinding]
}

type namedBinding struct {
	of   Binding
	name string
}

var _ AppendSealer = (*secureCookieSealer)(nil)

// NewSecureCookie returns a sealer that uses gorilla/securecookie, for programs
// that already trust it. Its texts are longer than those of [NewAEAD]. The
// first key seals, and every key opens. It ignores deadlines, because the
// sealed value holds its own.
func NewSecureCookie(keys ...Key) (Sealer, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	s := &secureCookieSealer{}
	for _, k := range keys {
		c := securecookie.New(k.derive("securecookie hmac", 64), k.derive("securecookie aes", KeySize))
		s.codecs = append(s.codecs, c.MaxAge(0).MaxLength(0).SetSerializer(securecookie.NopEncoder{}))
	}
	// securecookie reports an unusable key only when the key is used.
	probe := Binding{Cookie: "probe"}
	text, err := s.Seal([]byte("probe"), probe)
	if err == nil {
		_, _, err = s.Open(text, probe)
	}
	if err != nil {
		return nil, fmt.Errorf("security: securecookie cannot open its own text: %w", err)
	}
	return s, nil
}

// name returns the name that securecookie authenticates with the value. The
// binding is hashed, because securecookie joins its parts by "|". The last name
// is kept, because a sealer usually has one use.
func (s *secureCookieSealer) name(own *scratch, b Binding) string {
	if last := s.last.Load(); last != nil && last.of == b {
		return last.name
	}
	own.binding = b.appendTo(own.binding[:0])
	sum := sha256.Sum256(own.binding)
	name := textEncoding.EncodeToString(sum[:])
	s.last.Store(&namedBinding{b, name})
	return name
}

// Seal implements [Sealer].
func (s *secureCookieSealer) Seal(value []byte, b Binding) (string, error) {
	own := scratches.Get().(*scratch)
	defer own.done()
	// securecookie encrypts this in place.
	own.sealed = append(append(own.sealed[:0], secureCookieVersion), value...)
	text, err := s.codecs[0].Encode(s.name(own, b), own.sealed)
	if err != nil {
		clear(own.sealed)
	}
	return text, err
}

// AppendSeal implements [AppendSealer].
func (s *secureCookieSealer) AppendSeal(dst, value []byte, b Binding) ([]byte, error) {
	text, err := s.Seal(value, b)
	return append(dst, text...), err
}

// Open implements [Sealer].
func (s *secureCookieSealer) Open(text string, b Binding) ([]byte, bool, error) {
	if len(text) > maxSealed {
		return nil, false, ErrNotSealed
	}
	own := scratches.Get().(*scratch)
	defer own.done()
	// securecookie's decoder accepts other spellings of one text: line breaks,
	// and extra bits after the last byte.
	if _, canonical := own.decode(base64.URLEncoding.Strict(), text); !canonical {
		return nil, false, ErrNotSealed
	}
	name := s.name(own, b)
	for i, c := range s.codecs {
		var value []byte
		if c.Decode(name, text, &value) == nil && len(value) > 0 && value[0] == secureCookieVersion {
			return value[1:], i > 0, nil
		}
	}
	return nil, false, ErrNotSealed
}

// AppendOpen implements [AppendSealer].
func (s *secureCookieSealer) AppendOpen(dst []byte, text string, b Binding) ([]byte, bool, error) {
	value, old, err := s.Open(text, b)
	if err != nil {
		return nil, false, err
	}
	return append(dst, value...), old, nil
}
