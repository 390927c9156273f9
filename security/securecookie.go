package security

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/gorilla/securecookie"
)

// secureCookieVersion is the first byte of what secureCookieSealer seals.
const secureCookieVersion = 1

// secureCookieSealer is gorilla/securecookie: AES-256-CTR, then HMAC-SHA-256.
type secureCookieSealer struct{ codecs []*securecookie.SecureCookie }

var _ Sealer = (*secureCookieSealer)(nil)

// NewSecureCookie returns a sealer that uses gorilla/securecookie, for
// programs that trust it already. Its texts are longer than those of
// [NewAEAD]. The first key seals, every key opens. Deadlines are not its
// business: what is sealed carries its own.
func NewSecureCookie(keys ...Key) (Sealer, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	s := &secureCookieSealer{}
	for _, k := range keys {
		c := securecookie.New(k.derive("securecookie hmac", 64), k.derive("securecookie aes", KeySize))
		s.codecs = append(s.codecs, c.MaxAge(0).MaxLength(0).SetSerializer(securecookie.NopEncoder{}))
	}
	// securecookie reports a key that it cannot use only when it is used.
	probe := Binding{Cookie: "probe"}
	text, err := s.Seal([]byte("probe"), probe)
	if err == nil {
		_, _, err = s.Open(text, probe)
	}
	if err != nil {
		return nil, fmt.Errorf("security: securecookie refuses its own work: %w", err)
	}
	return s, nil
}

// name is what securecookie authenticates beside the value. It joins parts by
// "|", so the binding goes in as a hash.
func (s *secureCookieSealer) name(b Binding) string {
	sum := sha256.Sum256(b.data())
	return tokenEncoding.EncodeToString(sum[:])
}

// Seal implements [Sealer].
func (s *secureCookieSealer) Seal(value []byte, b Binding) (string, error) {
	return s.codecs[0].Encode(s.name(b), append([]byte{secureCookieVersion}, value...))
}

// Open implements [Sealer].
func (s *secureCookieSealer) Open(text string, b Binding) ([]byte, bool, error) {
	if len(text) > maxSealed || !canonical(text) {
		return nil, false, ErrNotSealed
	}
	name := s.name(b)
	for i, c := range s.codecs {
		var value []byte
		if c.Decode(name, text, &value) == nil && len(value) > 0 && value[0] == secureCookieVersion {
			return value[1:], i > 0, nil
		}
	}
	return nil, false, ErrNotSealed
}

// canonical refuses other spellings of one text, which securecookie's decoder
// lets pass: line breaks, and bits after the last byte.
func canonical(text string) bool {
	_, err := base64.URLEncoding.Strict().DecodeString(text)
	return err == nil && !strings.ContainsAny(text, "\r\n")
}
