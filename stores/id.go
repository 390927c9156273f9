package stores

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
)

// ID is a session's public identifier: 16 bytes, random or chosen by the store.
// It is stable. It may be logged and shown to its user, because it does not
// authenticate a client.
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
	// The decoder skips newlines inside the text, so only n tells that some
	// were there.
	if n, err := idEncoding.Decode(buf[:], []byte(s)); err != nil || n != len(id) {
		return ID{}, ErrInvalidID
	}
	return ID(buf), nil
}

// String returns the ID as 22 characters of unpadded base64url (RFC 4648 § 5).
func (id ID) String() string { return idEncoding.EncodeToString(id[:]) }

// IsZero reports whether id is the zero ID, which no session has.
func (id ID) IsZero() bool { return id == ID{} }
