package security

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
)

const (
	csrfNonceSize = 16
	csrfLength    = 64 // of nonce and HMAC as text
	csrfPurpose   = "humasess csrf 1\x00"
)

// CSRF returns a text that proves to have been made for this token, and says
// nothing about it: a random nonce and HMAC-SHA256 over it, keyed with the
// secret. Each call returns another one, so that compressed pages do not leak
// it (BREACH).
func (t Token) CSRF() (string, error) {
	var raw [csrfNonceSize + sha256.Size]byte
	if _, err := rand.Read(raw[:csrfNonceSize]); err != nil {
		return "", err
	}
	copy(raw[csrfNonceSize:], t.csrfMAC(raw[:csrfNonceSize]))
	return tokenEncoding.EncodeToString(raw[:]), nil
}

// VerifiesCSRF reports whether text is one that [Token.CSRF] has returned.
func (t Token) VerifiesCSRF(text string) bool {
	if len(text) != csrfLength {
		return false
	}
	var raw [csrfNonceSize + sha256.Size]byte
	if n, err := tokenEncoding.Decode(raw[:], []byte(text)); err != nil || n != len(raw) {
		return false
	}
	return hmac.Equal(raw[csrfNonceSize:], t.csrfMAC(raw[:csrfNonceSize]))
}

func (t Token) csrfMAC(nonce []byte) []byte {
	mac := hmac.New(sha256.New, t.secret[:])
	mac.Write([]byte(csrfPurpose))
	mac.Write(nonce)
	return mac.Sum(nil)
}
