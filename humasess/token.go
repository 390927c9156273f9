package humasess

import (
	"context"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// tokens is the carrier of sessions whose record the store has. The cookie has a
// token: the ID of the record and a secret, of which the record has the hash. With
// Options.Sealer the token is sealed.
type tokens[T any] struct{ m *Manager[T] }

var _ carrier[struct{}] = tokens[struct{}]{}

// newRequest allocates a request and its session in one piece of memory.
func (m *Manager[T]) newRequest() (*gate.Request, *state[T]) {
	if m.clientSide != nil {
		return m.newClientSideRequest()
	}
	return m.newTokenRequest()
}

// newTokenRequest allocates a request with a session that has a token.
func (m *Manager[T]) newTokenRequest() (*gate.Request, *state[T]) {
	r := &struct {
		gate.Request
		state state[T]
	}{}
	r.state.m, r.state.carrier = m, tokens[T]{m}
	return &r.Request, &r.state
}

func (c tokens[T]) store() stores.Store { return c.m.store }

func (c tokens[T]) open(name, value string) (security.Token, bool, error) {
	if c.m.opts.Sealer == nil {
		t, err := security.ParseToken(value)
		return t, false, err
	}
	return security.OpenToken(c.m.opts.Sealer, value, c.binding(name))
}

func (c tokens[T]) binding(name string) security.Binding {
	return security.Binding{Cookie: name, Manager: c.m.scheme}
}

func (c tokens[T]) fetch(ctx context.Context, token security.Token) (record.Record[T], error) {
	return c.m.records.Fetch(ctx, token.ID())
}

// matches compares the secret in constant time.
func (c tokens[T]) matches(o *record.Opened[T], token security.Token) bool {
	return token.Matches(o.Hash)
}

func (c tokens[T]) encode(p *payload.Fields) []byte { return p.Encode(c.m.typeName) }

func (c tokens[T]) decode(rec stores.Record) (record.Record[T], error) { return c.m.records.Open(rec) }

func (c tokens[T]) allocate() *record.Opened[T] { return new(record.Opened[T]) }

func (c tokens[T]) written(encoded []byte) []byte { return encoded }

func (c tokens[T]) begin(token security.Token) ([]byte, error) {
	line := c.m.cookies.Begin(nil)
	if c.m.opts.Sealer == nil {
		return append(line, token.Reveal()...), nil
	}
	text, err := token.Seal(c.m.opts.Sealer, c.binding(c.m.opts.Cookie.Name))
	return append(line, text...), err
}

func (c tokens[T]) finish(line []byte, _ stores.ID) []byte { return line }

func (c tokens[T]) reissues() (now, periodically bool) { return false, false }

func (c tokens[T]) othersRevoked() {}

// takeBack leaves it to the store: a rolled back write is not there.
func (c tokens[T]) takeBack(context.Context, security.Token) bool { return false }

func (c tokens[T]) renewable() error { return nil }

func (c tokens[T]) left(stores.ID) func(context.Context) (time.Duration, error) { return nil }
