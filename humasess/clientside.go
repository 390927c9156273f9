package humasess

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/timeouts"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// clientSide is the carrier of sessions of a [stores.ClientSide]: the cookie holds the
// record itself. The store of a request keeps the sessions that came with it, and
// seals the ones that go out. The token has an ID and no secret.
type clientSide[T any] struct {
	m        *Manager[T]
	requests stores.RequestStore // made by the first call that needs it
	revoked  bool                // the client's cookie was revoked by a request that keeps its own session

	// Memory for a usual request, in one piece with it. Each record is decoded when
	// it comes, and encoded when it changes.
	memory [2]record.Opened[T]
	used   int
	buffer [448]byte // a payload until the store has it, then the cookie
}

var _ carrier[struct{}] = (*clientSide[struct{}])(nil)

// bindClientSide makes the manager one of client-side sessions. It refuses options
// that such sessions cannot keep.
func (m *Manager[T]) bindClientSide(t stores.ClientSide, opts *Options[T]) error {
	var err error
	switch {
	case m.opts.Sealer != nil:
		err = fmt.Errorf("Options.Sealer is for stores on the server: %T seals its cookies itself", t)
	case m.opts.RotateEvery != 0:
		err = fmt.Errorf("Options.RotateEvery: sessions of %T cannot be renewed: %w", t, errors.ErrUnsupported)
	case m.opts.RevokeReused:
		err = fmt.Errorf("Options.RevokeReused: sessions of %T cannot be renewed, so no token of theirs is superseded: %w", t, errors.ErrUnsupported)
	case opts != nil && opts.RotationGrace != 0:
		err = fmt.Errorf("Options.RotationGrace: sessions of %T cannot be renewed, so no token of theirs is superseded: %w", t, errors.ErrUnsupported)
	case m.opts.CSRFHeader != "":
		err = fmt.Errorf("Options.CSRFHeader: sessions of %T have no secret to bind a CSRF token to: %w", t, errors.ErrUnsupported)
	case opts != nil && opts.MaxPerIdentity > 0:
		err = fmt.Errorf("Options.MaxPerIdentity %d: %T does not know how many sessions there are: %w",
			opts.MaxPerIdentity, t, errors.ErrUnsupported)
	case m.opts.RefuseOverLimit:
		err = fmt.Errorf("Options.RefuseOverLimit: %T does not know how many sessions there are: %w", t, errors.ErrUnsupported)
	default:
		m.clientSide, err = t.Bind(m.opts.Cookie.Name, m.scheme)
		if err == nil && len(m.names) > 1 {
			if _, ok := m.clientSide().(stores.FormerNameOpener); !ok {
				err = fmt.Errorf("Options.Cookie.Former: request stores of %T open no value of a former name: %w", t, errors.ErrUnsupported)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("humasess: invalid options: %w", err)
	}
	m.opts.MaxPerIdentity = -1
	m.calls.ClientSide = true
	// The cookie has whole seconds.
	for _, idle := range []*time.Duration{&m.opts.IdleTimeout, &m.opts.RememberIdleTimeout} {
		*idle = (*idle + time.Second - 1).Truncate(time.Second)
	}
	return nil
}

// newClientSideRequest allocates a request with a client-side session.
func (m *Manager[T]) newClientSideRequest() (*gate.Request, *state[T]) {
	r := &struct {
		gate.Request
		state   state[T]
		carrier clientSide[T]
	}{}
	r.carrier.m = m
	r.state.m, r.state.carrier, r.state.life.Carried = m, &r.carrier, true
	return &r.Request, &r.state
}

func (c *clientSide[T]) store() stores.Store { return c.requestStore() }

func (c *clientSide[T]) requestStore() stores.RequestStore {
	if c.requests == nil {
		c.requests = c.m.clientSide()
	}
	return c.requests
}

func (c *clientSide[T]) open(name, value string) (security.Token, bool, error) {
	id, old, err := c.openIn(c.requestStore(), name, value)
	return security.BareToken(id), old, err
}

// openIn opens a value with the binding of the name under which it came.
func (c *clientSide[T]) openIn(requests stores.RequestStore, name, value string) (stores.ID, bool, error) {
	if name == c.m.opts.Cookie.Name {
		return requests.Open(value)
	}
	return requests.(stores.FormerNameOpener).OpenFormer(name, value) // New has checked
}

func (c *clientSide[T]) fetch(ctx context.Context, token security.Token) (record.Record[T], error) {
	rec, err := c.requestStore().Load(ctx, token.ID())
	if err != nil {
		return record.Record[T]{}, err
	}
	return c.decode(rec)
}

// matches is true for each token: the store has opened the seal of its cookie.
func (c *clientSide[T]) matches(*record.Opened[T], security.Token) bool { return true }

func (c *clientSide[T]) encode(p *payload.Fields) []byte { return p.AppendClientSide(c.buffer[:0]) }

func (c *clientSide[T]) decode(rec stores.Record) (record.Record[T], error) {
	p, err := payload.DecodeClientSide(rec.Payload, c.m.scheme)
	if err != nil {
		return record.Record[T]{}, record.Undecodable(rec.ID, err)
	}
	p.Idle, _ = c.m.opts.timeouts(p.Remember)
	if rec.Expires.Before(rec.Deadline) {
		p.Idle = timeouts.Idle(rec.Expires.Sub(rec.LastSeen))
	}
	o := c.allocate()
	o.Fields = p
	return record.Record[T]{Record: rec, Open: o, Loaded: c.m.now()}, nil
}

// allocate returns memory that no other record has.
func (c *clientSide[T]) allocate() *record.Opened[T] {
	if c.used == len(c.memory) {
		return new(record.Opened[T])
	}
	o := &c.memory[c.used]
	c.used++
	return o
}

// written returns nil: the buffer has another use next, and the opened record holds
// the whole payload.
func (c *clientSide[T]) written([]byte) []byte { return nil }

// begin cannot fail, so the value comes after the write.
func (c *clientSide[T]) begin(security.Token) ([]byte, error) { return nil, nil }

func (c *clientSide[T]) finish(_ []byte, id stores.ID) []byte {
	c.revoked = false
	return c.requestStore().AppendValue(c.m.cookies.Begin(c.buffer[:0]), id)
}

// reissues is true for a cookie that was revoked, and periodically for all: the cookie
// holds the idle deadline.
func (c *clientSide[T]) reissues() (now, periodically bool) { return c.revoked, true }

func (c *clientSide[T]) othersRevoked() { c.revoked = true }

func (c *clientSide[T]) takeBack(ctx context.Context, token security.Token) bool {
	requests, ok := c.requestStore().(stores.TransactionalRequestStore)
	if !ok || !requests.TakeBack(ctx, token.ID()) {
		return false
	}
	c.revoked = false
	return true
}

func (c *clientSide[T]) renewable() error { return errClientSide }

var errClientSide = errors.New("the session is in its cookie, which has no secret to renew, and older copies of the cookie stay valid: sign in again with Start")

// left asks about the session that the cookie carries. It does not use the request's
// own store, which only one goroutine may use.
func (c *clientSide[T]) left(id stores.ID) func(context.Context) (time.Duration, error) {
	requests := c.m.clientSide()
	value := string(c.requestStore().AppendValue(nil, id))
	id, _, err := requests.Open(value)
	for _, name := range c.m.names[1:] {
		if err != nil {
			id, _, err = c.openIn(requests, name, value)
		}
	}
	checker, ok := requests.(stores.EndChecker)
	if err != nil || !ok {
		forever := c.m.opts.AbsoluteTimeout
		return func(context.Context) (time.Duration, error) { return forever, nil }
	}
	return func(ctx context.Context) (time.Duration, error) { return checker.Check(ctx, id) }
}
