// Package credential makes and verifies the texts that prove a session: its [Token] in a
// cookie, and the CSRF tokens of its [CSRFKey]. It does no I/O.
package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/humasess/sessions/security"
)

const (
	idSize     = 16
	secretSize = 32

	// TokenLength is the length of a token's text in bytes.
	TokenLength = (idSize + secretSize) / 3 * 4
)

// ErrMalformedToken is returned by [ParseToken] and [OpenToken]. It does not
// give a reason, because the text came from a client.
var ErrMalformedToken = errors.New("malformed token")

// tokenEncoding is canonical, because 48 bytes fill their 64 characters and
// leave no spare bits.
var tokenEncoding = base64.RawURLEncoding.Strict()

// Token is the content of a session cookie: the session's public ID and a
// secret that proves possession. The secret has 256 bits; OWASP and NIST SP
// 800-63B-4 § 5.1 ask for 64, ASVS 7.2.3 for 128.
type Token struct {
	id     [idSize]byte
	secret [secretSize]byte
}

// NewToken returns a token for the session with the public ID and a fresh
// secret from [crypto/rand.Reader].
func NewToken(id [idSize]byte) (Token, error) {
	t := Token{id: id}
	_, err := rand.Read(t.secret[:])
	return t, err
}

// BareToken returns a token without a secret, for a session whose sealed cookie
// is the proof. It matches no token that [NewToken] has made.
func BareToken(id [idSize]byte) Token { return Token{id: id} }

// ParseToken reads the text that [Token.Reveal] returns. Any other text is
// [ErrMalformedToken].
func ParseToken(text string) (Token, error) {
	if len(text) != TokenLength {
		return Token{}, ErrMalformedToken
	}
	var raw [idSize + secretSize]byte
	// The decoder skips newlines inside the text, so only n tells that some
	// were there.
	if n, err := tokenEncoding.Decode(raw[:], []byte(text)); err != nil || n != len(raw) {
		return Token{}, ErrMalformedToken
	}
	return newToken(&raw), nil
}

func newToken(raw *[idSize + secretSize]byte) Token {
	var t Token
	copy(t.id[:], raw[:idSize])
	copy(t.secret[:], raw[idSize:])
	return t
}

// tokenUse is the purpose in the binding of a sealed token.
const tokenUse = "token"

// OpenToken reads the text that [Token.Seal] returns. Old reports whether a key
// other than the first sealed it. Any other text is [ErrMalformedToken].
func OpenToken(s security.Sealer, text string, b security.Binding) (t Token, old bool, err error) {
	b.Purpose = tokenUse
	value, old, err := s.Open(text, b)
	if err != nil || len(value) != idSize+secretSize {
		return Token{}, false, ErrMalformedToken
	}
	return newToken((*[idSize + secretSize]byte)(value)), old, nil
}

// Seal returns the token as sealed text. So a server detects a forged token
// without a look-up.
func (t Token) Seal(s security.Sealer, b security.Binding) (string, error) {
	b.Purpose = tokenUse
	raw := t.raw()
	return s.Seal(raw[:], b)
}

// ID returns the session's public ID.
func (t Token) ID() [idSize]byte { return t.id }

// Hash returns the SHA-256 of the secret. Stores keep it instead of the secret.
func (t Token) Hash() [sha256.Size]byte { return sha256.Sum256(t.secret[:]) }

// Matches reports in constant time whether hash is the hash of the token's
// secret.
func (t Token) Matches(hash [sha256.Size]byte) bool {
	own := t.Hash()
	return subtle.ConstantTimeCompare(own[:], hash[:]) == 1
}

// Reveal returns the token's text, [TokenLength] characters of base64url
// (RFC 4648 § 5). It is a credential and belongs in a cookie only.
func (t Token) Reveal() string {
	raw := t.raw()
	return tokenEncoding.EncodeToString(raw[:])
}

func (t Token) raw() (raw [idSize + secretSize]byte) {
	copy(raw[:idSize], t.id[:])
	copy(raw[idSize:], t.secret[:])
	return raw
}

var _ fmt.Formatter = Token{}

// Format implements [fmt.Formatter] with the public ID, because verbs that are
// not for text, such as "%d", would print the fields.
func (t Token) Format(s fmt.State, verb rune) {
	text := t.String()
	if verb == 'v' && s.Flag('#') {
		text = t.GoString()
	}
	_, _ = io.WriteString(s, text)
}

// String returns the public ID, so logs never contain the secret.
func (t Token) String() string { return tokenEncoding.EncodeToString(t.id[:]) }

// GoString is String, for %#v.
func (t Token) GoString() string { return "credential.Token(" + t.String() + ")" }
