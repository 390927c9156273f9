package credential

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
)

const (
	csrfNonceSize = 16
	csrfLength    = 64 // length of nonce and HMAC as text
	csrfPurpose   = "humasess csrf 2\x00"
)

// CSRFKey is the random key that binds CSRF tokens to one session. It stays on
// the server. The public ID and the times of a session are not a suitable key,
// because an attacker may know them. The zero CSRFKey means that there is none,
// and verifies no token.
type CSRFKey [16]byte

// NewCSRFKey returns a random key.
func NewCSRFKey() (CSRFKey, error) {
	var k CSRFKey
	_, err := rand.Read(k[:])
	return k, err
}

// Token returns a text that proves knowledge of the key and does not reveal it:
// a random nonce and HMAC-SHA256 over the nonce. Each call returns another
// text, so compressed pages do not leak it (BREACH).
func (k CSRFKey) Token() (string, error) {
	var raw [csrfNonceSize + sha256.Size]byte
	if _, err := rand.Read(raw[:csrfNonceSize]); err != nil {
		return "", err
	}
	copy(raw[csrfNonceSize:], k.mac(raw[:csrfNonceSize]))
	return tokenEncoding.EncodeToString(raw[:]), nil
}

// Verifies reports whether text was returned by [CSRFKey.Token] of this key.
func (k CSRFKey) Verifies(text string) bool {
	if k == (CSRFKey{}) || len(text) != csrfLength {
		return false
	}
	var raw [csrfNonceSize + sha256.Size]byte
	if n, err := tokenEncoding.Decode(raw[:], []byte(text)); err != nil || n != len(raw) {
		return false
	}
	return hmac.Equal(raw[csrfNonceSize:], k.mac(raw[:csrfNonceSize]))
}

func (k CSRFKey) mac(nonce []byte) []byte {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte(csrfPurpose))
	mac.Write(nonce)
	return mac.Sum(nil)
}

// String hides the key.
func (CSRFKey) String() string { return "credential.CSRFKey(hidden)" }

// GoString hides the key.
func (k CSRFKey) GoString() string { return k.String() }
