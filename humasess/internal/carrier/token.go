package carrier

import (
	"context"
	"time"

	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// Tokens is the carrier of sessions whose record the store has. The cookie has a
// token: the ID of the record and a secret, of which the record has the hash. With
// Options.Sealer the token is sealed.
type Tokens[T any] struct{ *Common[T] }

var _ Carrier[struct{}] = Tokens[struct{}]{}

// Store implements [Carrier].
func (c Tokens[T]) Store() stores.Store { return c.Records.Store }

// Open implements [Carrier].
func (c Tokens[T]) Open(name, value string) (credential.Token, bool, error) {
	if c.Sealer == nil {
		t, err := credential.ParseToken(value)
		return t, false, err
	}
	return credential.OpenToken(c.Sealer, value, c.binding(name))
}

func (c Tokens[T]) binding(name string) security.Binding {
	return security.Binding{Cookie: name, Manager: c.Records.Scheme}
}

// Fetch implements [Carrier].
func (c Tokens[T]) Fetch(ctx context.Context, token credential.Token, into *record.Record[T]) error {
	err := c.Records.Fetch(ctx, token.ID(), into)
	if err == nil {
		into.Token = token
	}
	return err
}

// Matches compares the secret in constant time.
func (c Tokens[T]) Matches(o *record.Opened[T], token credential.Token) bool {
	return token.Matches(o.Hash)
}

// Encode implements [Carrier].
func (c Tokens[T]) Encode(p *payload.Fields) []byte { return p.Encode(c.TypeName) }

// Decode implements [Carrier].
func (c Tokens[T]) Decode(rec stores.Record) (record.Record[T], error) { return c.Records.Open(rec) }

// Allocate implements [Carrier].
func (c Tokens[T]) Allocate() *record.Opened[T] { return new(record.Opened[T]) }

// Begin implements [Carrier].
func (c Tokens[T]) Begin(token credential.Token) ([]byte, error) {
	line := c.Cookies.Begin(nil)
	if c.Sealer == nil {
		return append(line, token.Reveal()...), nil
	}
	text, err := token.Seal(c.Sealer, c.binding(c.Names[0]))
	return append(line, text...), err
}

// Finish implements [Carrier].
func (c Tokens[T]) Finish(line []byte, _ stores.ID, age time.Duration) []byte {
	return c.Cookies.End(line, age)
}

// Reissues implements [Carrier].
func (c Tokens[T]) Reissues() (now, periodically bool) { return false, false }

// OthersRevoked implements [Carrier].
func (c Tokens[T]) OthersRevoked() {}

// TakeBack leaves it to the store: a rolled back write is not there.
func (c Tokens[T]) TakeBack(context.Context, credential.Token) bool { return false }

// Renewable implements [Carrier].
func (c Tokens[T]) Renewable() error { return nil }

// Left implements [Carrier].
func (c Tokens[T]) Left(stores.ID) func(context.Context) (time.Duration, error) { return nil }
