package humasess

import (
	"github.com/humasess/sessions/humasess/internal/gate"

	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// Sessions of a [stores.ClientSide] are in their cookies. What a request does to
// them goes through a trip, which stands where the store stands else; the
// token is the cookie itself.

// travel makes the manager one of sessions that travel.
func (m *Manager[T]) travel(t stores.ClientSide, opts *Options[T]) error {
	var err error
	switch {
	case m.opts.Sealer != nil:
		err = fmt.Errorf("Options.Sealer is for stores on the server: %T seals what is in its cookies by itself", t)
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
		m.embark, err = t.Bind(m.opts.Cookie.Name, m.scheme)
		if err == nil && len(m.names) > 1 {
			if _, ok := m.embark().(stores.FormerNameOpener); !ok {
				err = fmt.Errorf("Options.Cookie.Former: trips of %T open no value of a former name: %w", t, errors.ErrUnsupported)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("humasess: invalid options: %w", err)
	}
	m.opts.MaxPerIdentity = -1
	// The cookie has whole seconds.
	for _, idle := range []*time.Duration{&m.opts.IdleTimeout, &m.opts.RememberIdleTimeout} {
		*idle = (*idle + time.Second - 1).Truncate(time.Second)
	}
	return nil
}

// errTravels is why Renew fails: nothing could tell the old cookie from the
// new one.
var errTravels = errors.New("the session is in its cookie, and whoever has an older one has not lost it: sign in again with Start")

// startAgain makes the session another one with the same data, which ends its
// cookies, to the last copy.
func (s *state[T]) startAgain() error {
	was := s.pending
	if was.data == nil {
		data, err := s.current()
		if err != nil {
			return gate.Fail(errUndecodable, err)
		}
		if was.data, err = s.m.values.Encode(&data); err != nil {
			return s.invalid(fmt.Errorf("Reauthenticated: encode %T: %w", data, err))
		}
	}
	if until := s.rec.open.Until; until != 0 {
		left := max(time.Unix(0, until).Sub(s.m.now()), time.Second)
		if was.ttl == 0 || left < was.ttl {
			was.ttl = left
		}
	}
	if err := s.begin(was.data, s.rec.Identity, func() { s.life.change(true) }); err != nil {
		return err
	}
	was.id, was.owner, was.again = s.pending.id, s.pending.owner, true
	s.pending = was
	return nil
}

// takeBack undoes on the trip the calls in a transaction of the program that was
// rolled back. The client keeps the cookie that it came with: it stands.
func (s *state[T]) takeBack(ctx context.Context) {
	if s.trip == nil || !s.tentative.any {
		return
	}
	trip, ok := s.trip.(stores.TransactionalRequestStore)
	if !ok || !trip.TakeBack(ctx, s.token.ID()) {
		return
	}
	s.stale = false
	if s.life.cookie == cookieSet {
		s.life.cookie = cookieKeep
	}
	if rec, err := s.fetchFor(ctx, s.token); err == nil && s.life.onBase() {
		s.rec = rec
	}
}

// keeper is the store for what is done outside of any session.
func (m *Manager[T]) keeper() stores.Store {
	if m.embark != nil {
		return m.embark()
	}
	return m.store
}

// store is the store for what is done to the session.
func (s *state[T]) store() stores.Store {
	if s.m.embark == nil {
		return s.m.store
	}
	if s.trip == nil {
		s.trip, s.life.carried = s.m.embark(), true
	}
	return s.trip
}

// openToken implements tokenOpener.
func (s *state[T]) openToken(name, text string) (t security.Token, old bool, err error) {
	if s.m.embark == nil {
		t, old, err = s.m.openToken(name, text)
	} else {
		s.store()
		var id stores.ID
		id, old, err = s.m.openTrip(s.trip, name, text)
		t = security.BareToken(id)
	}
	return t, old || s.m.rescoped || name != s.m.opts.Cookie.Name, err
}

// openTrip opens a value with the binding of the name under which it came.
func (m *Manager[T]) openTrip(trip stores.RequestStore, name, value string) (stores.ID, bool, error) {
	if name == m.opts.Cookie.Name {
		return trip.Open(value)
	}
	return trip.(stores.FormerNameOpener).OpenFormer(name, value) // New has checked
}

// fetchFor loads the record that a token is about.
func (s *state[T]) fetchFor(ctx context.Context, token security.Token) (record[T], error) {
	if s.trip == nil {
		return s.m.fetch(ctx, token.ID())
	}
	rec, err := s.trip.Load(ctx, token.ID())
	if err != nil {
		return record[T]{}, err
	}
	return s.m.openInto(s.newOpened(), rec)
}

// travelRoom is memory for what a request usually needs when sessions travel,
// in one piece with the request: everything is opened each time, and sealed
// when it changes.
type travelRoom[T any] struct {
	opened  [2]opened[T] // what came, and what goes
	used    int
	scratch [448]byte // a payload until the trip has it, then the cookie
}

func (m *Manager[T]) newTravellingRequest() (*gate.Request, gate.Session) {
	r := &struct {
		gate.Request
		state state[T]
		room  travelRoom[T]
	}{}
	r.state.m, r.state.room = m, &r.room
	return &r.Request, &r.state
}

// newOpened returns memory that nobody else has.
func (s *state[T]) newOpened() *opened[T] {
	if s.room == nil || s.room.used == len(s.room.opened) {
		return new(opened[T])
	}
	o := &s.room.opened[s.room.used]
	s.room.used++
	return o
}

// scratch returns memory to append to, whose last use is over.
func (s *state[T]) scratch() []byte {
	if s.room == nil {
		return nil
	}
	return s.room.scratch[:0]
}

// resealDue reports whether the cookie is to be written although nothing has
// changed: it may have a former scope or was sealed with a key that is on its way out,
// or it holds the idle deadline, both as often as any session is extended; or the client's was
// revoked by a request that keeps its own session.
func (s *state[T]) resealDue() bool {
	return s.stale || (s.old || s.trip != nil) && s.touchDue()
}

// pack encodes a payload for the store. It may append to the scratch.
func (m *Manager[T]) pack(scratch []byte, p *payload.Fields) []byte {
	if m.embark != nil {
		return p.AppendClientSide(scratch)
	}
	return p.Encode(m.typeName)
}

// unpack reads the output of pack.
func (m *Manager[T]) unpack(rec stores.Record) (payload.Fields, error) {
	if m.embark == nil {
		return payload.Decode(rec.Payload)
	}
	p, err := payload.DecodeClientSide(rec.Payload, m.scheme)
	if err != nil {
		return p, err
	}
	p.Idle, _ = m.opts.timeouts(p.Remember)
	if rec.Expires.Before(rec.Deadline) {
		p.Idle = idleOf(rec.Expires.Sub(rec.LastSeen))
	}
	return p, nil
}
