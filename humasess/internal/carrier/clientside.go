package carrier

import (
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/timeouts"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// ClientSide is the carrier of sessions of a [stores.ClientSide]: the cookie holds the
// record itself. The store of a request keeps the sessions that came with it, and
// seals the ones that go out. The token has an ID and no secret.
type ClientSide[T any] struct {
	*Common[T]

	requests stores.RequestStore // made by the first call that needs it
	revoked  bool                // the client's cookie was revoked by a request that keeps its own session

	// Memory for a usual request, in one piece with it. Each record is decoded when
	// it comes, and encoded when it changes.
	memory [2]record.Opened[T]
	used   int
	buffer [448]byte // a payload until the store has it, then the cookie
}

var _ Carrier[struct{}] = (*ClientSide[struct{}])(nil)

// Store implements [Carrier].
func (c *ClientSide[T]) Store() stores.Store { return c.requestStore() }

func (c *ClientSide[T]) requestStore() stores.RequestStore {
	if c.requests == nil {
		c.requests = c.Common.Requests()
	}
	return c.requests
}

// Open implements [Carrier].
func (c *ClientSide[T]) Open(name, value string) (credential.Token, bool, error) {
	id, old, err := c.openIn(c.requestStore(), name, value)
	return credential.BareToken(id), old, err
}

// openIn opens a value with the binding of the name under which it came.
func (c *ClientSide[T]) openIn(requests stores.RequestStore, name, value string) (stores.ID, bool, error) {
	if name == c.Names[0] {
		return requests.Open(value)
	}
	return requests.(stores.FormerNameOpener).OpenFormer(name, value) // New has checked
}

// Fetch implements [Carrier].
func (c *ClientSide[T]) Fetch(ctx context.Context, token credential.Token, into *record.Record[T]) error {
	raw, err := c.requestStore().Load(ctx, token.ID())
	if err != nil {
		return err
	}
	rec, err := c.Decode(raw)
	if err == nil {
		*into = rec
	}
	return err
}

// Matches is true for each token: the store has opened the seal of its cookie.
func (c *ClientSide[T]) Matches(*record.Opened[T], credential.Token) bool { return true }

// Encode implements [Carrier].
func (c *ClientSide[T]) Encode(p *payload.Fields) []byte { return p.AppendClientSide(c.buffer[:0]) }

// Decode implements [Carrier].
func (c *ClientSide[T]) Decode(rec stores.Record) (record.Record[T], error) {
	p, err := payload.DecodeClientSide(rec.Payload, c.Records.Scheme)
	if err != nil {
		return record.Record[T]{}, record.Undecodable(rec.ID, err)
	}
	p.Idle, _ = c.Timeouts.Of(p.Remember)
	if rec.Expires.Before(rec.Deadline) {
		p.Idle = timeouts.Idle(rec.Expires.Sub(rec.LastSeen))
	}
	o := c.Allocate()
	o.Fields = p
	return c.Records.New(&rec, o), nil
}

// Allocate returns memory that no other record has.
func (c *ClientSide[T]) Allocate() *record.Opened[T] {
	if c.used == len(c.memory) {
		return new(record.Opened[T])
	}
	o := &c.memory[c.used]
	c.used++
	return o
}

// Begin cannot fail, so the value comes after the write.
func (c *ClientSide[T]) Begin(credential.Token) ([]byte, error) { return nil, nil }

// Finish implements [Carrier].
func (c *ClientSide[T]) Finish(_ []byte, id stores.ID, age time.Duration) []byte {
	c.revoked = false
	return c.Cookies.End(c.requestStore().AppendValue(c.Cookies.Begin(c.buffer[:0]), id), age)
}

// Reissues is true for a cookie that was revoked, and periodically for all: the cookie
// holds the idle deadline.
func (c *ClientSide[T]) Reissues() (now, periodically bool) { return c.revoked, true }

// OthersRevoked implements [Carrier].
func (c *ClientSide[T]) OthersRevoked() { c.revoked = true }

// TakeBack implements [Carrier].
func (c *ClientSide[T]) TakeBack(ctx context.Context, token credential.Token) bool {
	requests, ok := c.requestStore().(stores.TransactionalRequestStore)
	if !ok || !requests.TakeBack(ctx, token.ID()) {
		return false
	}
	c.revoked = false
	return true
}

// Renewable implements [Carrier].
func (c *ClientSide[T]) Renewable() error { return errClientSide }

var errClientSide = errors.New("the session is in its cookie, which has no secret to renew, and older copies of the cookie stay valid: sign in again with Start")

// Left asks about the session that the cookie carries. It does not use the request's
// own store, which only one goroutine may use.
func (c *ClientSide[T]) Left(id stores.ID) func(context.Context) (time.Duration, error) {
	requests := c.Common.Requests()
	value := string(c.requestStore().AppendValue(nil, id))
	id, _, err := requests.Open(value)
	for _, name := range c.Names[1:] {
		if err != nil {
			id, _, err = c.openIn(requests, name, value)
		}
	}
	checker, ok := requests.(stores.EndChecker)
	if err != nil || !ok {
		forever := c.Timeouts.Absolute
		return func(context.Context) (time.Duration, error) { return forever, nil }
	}
	return func(ctx context.Context) (time.Duration, error) { return checker.Check(ctx, id) }
}
