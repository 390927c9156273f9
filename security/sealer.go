package security

import (
	"encoding/binary"
	"errors"
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

// ErrNotSealed is returned for text that was not sealed for this binding by
// one of the keys: one answer, whatever the reason.
var ErrNotSealed = errors.New("security: not sealed by one of the keys for this use")

// Binding ties sealed text to its use, so that it opens nowhere else.
type Binding struct {
	Cookie  string // name of the cookie
	Manager string // the manager's scheme
	Purpose string // what the value is, for example "token"
}

// data encodes the binding so that no two of them read alike.
func (b Binding) data() []byte {
	size := len(b.Cookie) + len(b.Manager) + len(b.Purpose) + 3*binary.MaxVarintLen16
	d := make([]byte, 0, size)
	for _, s := range [...]string{b.Cookie, b.Manager, b.Purpose} {
		d = binary.AppendUvarint(d, uint64(len(s)))
		d = append(d, s...)
	}
	return d
}

// maxSealed bounds text that is looked at, in bytes: no cookie is longer
// (RFC 6265bis § 5.6).
const maxSealed = 4096
