package humasess

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/stores"
)

// Info describes one of a user's sessions. An operation may return it, with the
// session's whole data. The document describes Info and the types in it in place,
// so their names never clash with those of the program. A type of an answer must
// have an Info in a field and not embed it: huma would document the type as an
// Info.
type Info[T any] struct {
	ID         string    `json:"id" doc:"Public ID of the session. It is not a credential."` // for [Session.Revoke]
	Identity   string    `json:"identity" doc:"Identity of the user. It is empty for an anonymous session."`
	Data       T         `json:"data"` // no text: OpenAPI 3.0 allows none beside a reference
	Current    bool      `json:"current" doc:"Whether the request belongs to this session."`
	CreatedAt  time.Time `json:"created_at" doc:"When the session began."`
	LastSeenAt time.Time `json:"last_seen_at" doc:"When the session was last used, to within a tenth of its idle timeout."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When the session ends unless it is used again."`
	Carrier    string    `json:"carrier" doc:"What the client keeps: \"cookie\" or \"bearer\", a token."` // as [Session.Carrier]

	Authentication Authentication `json:"authentication" doc:"When and how the user signed in."`
	Client         Client         `json:"client" doc:"Client of the sign-in, as far as the server notes it."` // as Options.Client returned it
}

// List returns the live sessions of this session's identity, oldest first,
// without extending them. An anonymous session lists itself only. A session that
// Start has just begun is written first, and listed. [ErrRevoked] when the
// session has ended while the request ran.
// [ErrNoSession] without an active session; [errors.ErrUnsupported] without
// Options.Identity, and when the store has no index.
func (s *Session[T]) List(ctx context.Context) ([]Info[T], error) {
	return s.bound().changes().list(ctx)
}

func (s changes[T]) list(ctx context.Context) ([]Info[T], error) {
	ctx, cancel := s.m.calls.Bounded(gate.Outside(ctx))
	defer cancel()
	defer s.mu.Unlock(s.mu.Lock())
	if err := s.stored(); err != nil {
		return nil, err
	}
	if !s.m.users.Known() {
		return nil, s.mistake(errors.ErrUnsupported, fmt.Errorf("List: %w", errNoIdentity))
	}
	if s.activeOwner() == "" {
		if !s.life.OnBase() {
			return []Info[T]{}, nil // an operation may answer with it, and null is not a list
		}
		data, err := s.m.records.Decode(s.rec)
		if err != nil {
			return nil, gate.Fail(record.ErrUndecodable, err)
		}
		return []Info[T]{s.m.info(s.rec, *data, true)}, nil
	}
	if err := s.writes().writeNew(ctx); err != nil {
		return nil, err
	}
	infos, err := s.m.list(ctx, s.activeOwner(), s.rec.ID())
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(infos, func(i Info[T]) bool { return i.Current }) {
		return nil, s.revoked() // while the request ran
	}
	return infos, nil
}

// List returns the live sessions of an identity, oldest first.
// [errors.ErrUnsupported] without Options.Identity or an index in the store.
func (m *Manager[T]) List(ctx context.Context, identity string) ([]Info[T], error) {
	owner, err := m.indexes(identity)
	if err != nil {
		return nil, err
	}
	ctx, cancel := m.calls.Bounded(ctx)
	defer cancel()
	return m.list(ctx, owner, stores.ID{})
}

// list leaves out sessions whose data does not decode: they are as good as
// none to their bearers too.
func (m *Manager[T]) list(ctx context.Context, owner string, current stores.ID) ([]Info[T], error) {
	records, err := stores.List(ctx, m.adminStore(), owner)
	if err != nil {
		return nil, m.report.StoreFailed(ctx, err)
	}
	infos := make([]Info[T], 0, len(records))
	for _, raw := range records {
		rec, data := m.readable(ctx, raw)
		if data == nil {
			continue
		}
		infos = append(infos, m.info(&rec, *data, rec.ID() == current))
	}
	return infos, nil
}

// readable takes a record apart for administration. The data are nil, after
// an event, when they do not decode.
func (m *Manager[T]) readable(ctx context.Context, raw stores.Record) (record.Record[T], *T) {
	rec, err := m.records.Open(raw)
	if err == nil {
		var data *T
		if data, err = m.records.Decode(&rec); err == nil {
			return rec, data
		}
	}
	m.report.Emit(ctx, events.Event{Kind: events.Undecodable, SessionID: raw.ID.String(), Identity: m.users.Unqualify(raw.Identity), Err: err})
	return record.Record[T]{}, nil
}

func (m *Manager[T]) info(rec *record.Record[T], data T, current bool) Info[T] {
	return Info[T]{
		ID: rec.ID().String(), Identity: m.users.Unqualify(rec.Identity), Data: data, Current: current,
		CreatedAt: time.Unix(0, rec.Open.Created), LastSeenAt: rec.LastSeen.Time(), ExpiresAt: rec.Expires.Time(), Carrier: carrierName(rec.Open.Bearer),
		Authentication: m.authentication(rec), Client: decodeClient(rec.Open.Client),
	}
}

// pageSize is how many sessions All asks the store for at a time.
const pageSize = 500

// All goes through the live sessions of the manager, of every identity and of
// none, in no order and without extending them. It asks the store for a few
// hundred at a time, while the loop runs; stop when you have seen enough:
//
//	for info, err := range sessions.All(ctx) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// A session that lives as long as the loop comes once, and from a Redis Cluster
// whose slots move perhaps more often; one that starts or ends meanwhile may
// come or not. Sessions whose data do not decode are left out, after an event.
// An error is the last that comes: [errors.ErrUnsupported] when the store
// cannot go through its sessions.
func (m *Manager[T]) All(ctx context.Context) iter.Seq2[Info[T], error] {
	return func(yield func(Info[T], error) bool) {
		head := m.head()
		for cursor := ""; ; {
			bounded, cancel := m.calls.Bounded(ctx)
			page, err := stores.Scan(bounded, m.store, head, cursor, pageSize)
			cancel()
			if err != nil {
				yield(Info[T]{}, m.report.StoreFailed(ctx, err))
				return
			}
			for _, raw := range page.Records {
				rec, data := m.readable(ctx, raw)
				if data != nil && !yield(m.info(&rec, *data, false), nil) {
					return
				}
			}
			if cursor = page.Next; cursor == "" {
				return
			}
		}
	}
}

// Count returns how many live sessions the manager has, of every identity and
// of none. The store looks at each of them: that is for administration, not
// for requests. [errors.ErrUnsupported] when the store cannot go through its
// sessions.
func (m *Manager[T]) Count(ctx context.Context) (int, error) {
	n, err := stores.Count(ctx, m.store, m.head())
	if err != nil {
		return 0, m.report.StoreFailed(ctx, err)
	}
	return n, nil
}

// head returns the first bytes of every payload of the manager.
func (m *Manager[T]) head() []byte { return payload.Head(m.scheme) }

// lists reports whether the store can list the sessions of an identity.
func (m *Manager[T]) lists() bool {
	_, ok := stores.As[stores.Index](m.store)
	return ok && m.carriers.Requests == nil
}

// indexes returns an identity as the store has it. It refuses one that has no sessions.
func (m *Manager[T]) indexes(identity string) (owner string, err error) {
	switch {
	case !m.users.Known():
		return "", gate.Fail(errors.ErrUnsupported, errNoIdentity)
	case m.users.Real(identity) == "":
		return "", gate.Fail(gate.ErrInvalid, fmt.Errorf("the identity %q is that of data without a user: %w", identity, stores.ErrNoIdentity))
	}
	return m.users.Qualify(identity), nil
}

// The types of this package that an operation may return are described in place.
// A named schema would clash with a type of the program that has the same name:
// huma panics then, and generated clients have two types of one name.
var (
	_ huma.SchemaProvider = Info[struct{}]{}
	_ huma.SchemaProvider = Authentication{}
	_ huma.SchemaProvider = Method{}
	_ huma.SchemaProvider = Client{}
)

// The same types without their method Schema, from which huma makes the schema by
// the fields and their tags.
type (
	infoFields[T any]    Info[T]
	authenticationFields Authentication
	methodFields         Method
	clientFields         Client
)

// Schema implements [huma.SchemaProvider].
func (Authentication) Schema(r huma.Registry) *huma.Schema { return inline[authenticationFields](r) }

// Schema implements [huma.SchemaProvider].
func (Method) Schema(r huma.Registry) *huma.Schema { return inline[methodFields](r) }

// Schema implements [huma.SchemaProvider].
func (Client) Schema(r huma.Registry) *huma.Schema { return inline[clientFields](r) }

// inline returns the schema of a struct without a name of its own.
func inline[F any](r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[F]())
}

// Schema implements [huma.SchemaProvider].
func (Info[T]) Schema(r huma.Registry) *huma.Schema { return inline[infoFields[T]](r) }
