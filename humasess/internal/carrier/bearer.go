package carrier

import (
	"strings"
	"time"

	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// Bearer is the carrier of sessions whose token the client sends in the header
// Authorization (RFC 6750 § 2.1). The text of a token begins with the prefix of its
// manager. Everything else is as with [Tokens].
type Bearer[T any] struct {
	Tokens[T]

	Prefix string
}

var _ Carrier[struct{}] = Bearer[struct{}]{}

// Open implements [Carrier]. Old is always false: the client stores the token, so only
// a renewal that it asks for replaces it.
func (c Bearer[T]) Open(_, value string) (credential.Token, bool, error) {
	text, ok := strings.CutPrefix(value, c.Prefix)
	if !ok {
		return credential.Token{}, false, credential.ErrMalformedToken
	}
	if c.Sealer == nil {
		t, err := credential.ParseToken(text)
		return t, false, err
	}
	t, _, err := credential.OpenToken(c.Sealer, text, c.sealing())
	return t, false, err
}

// sealing binds a sealed token to the header. No cookie has this name.
func (c Bearer[T]) sealing() security.Binding { return c.binding("Authorization:") }

// Begin implements [Carrier]. It returns the token, without the name of its scheme.
func (c Bearer[T]) Begin(token credential.Token) ([]byte, error) {
	if c.Sealer == nil {
		return append([]byte(c.Prefix), token.Reveal()...), nil
	}
	text, err := token.Seal(c.Sealer, c.sealing())
	return append([]byte(c.Prefix), text...), err
}

// Finish implements [Carrier].
func (c Bearer[T]) Finish(line []byte, _ stores.ID, _ time.Duration) []byte { return line }
