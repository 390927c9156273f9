package stores

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
)

// ID is a session's public identifier: 16 bytes chosen by the store or at
// random. It is stable, safe to log and to show to its user, and never
// authenticates anybody.
type ID [16]byte

// ErrInvalidID is returned by [ParseID] for text that is not the canonical
// form of an ID.
var ErrInvalidID = errors.New("stores: invalid session ID")

var idEncoding = base64.RawURLEncoding.Strict()

// RandomID returns 128 bits from [crypto/rand.Reader].
func RandomID() (ID, error) {
	var id ID
	_, err := rand.Read(id[:])
	return id, err
}

// ParseID reads the form that [ID.String] writes: exactly 22 characters of
// unpadded base64url. Anything else is [ErrInvalidID].
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != idEncoding.EncodedLen(len(id)) {
		return ID{}, ErrInvalidID
	}
	var buf [len(id)]byte
	// A newline inside the text is skipped by the decoder: the length tells.
	if n, err := idEncoding.Decode(buf[:], []byte(s)); err != nil || n != len(id) {
		return ID{}, ErrInvalidID
	}
	return ID(buf), nil
}

// String returns the ID as 22 characters of unpadded base64url (RFC 4648 § 5).
func (id ID) String() string { return idEncoding.EncodeToString(id[:]) }

// IsZero reports whether id names no session.
func (id ID) IsZero() bool { return id == ID{} }
