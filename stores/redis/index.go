package redis

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/humasess/sessions/stores"
)

// retention is how long marks are kept. It is longer than promised, so that
// rounding does not make it too short.
const retention = stores.RevocationRetention + time.Minute

var retentionText = strconv.FormatInt(retention.Milliseconds(), 10)

// newMark returns the name of a mark. It is random, so it differs from all
// others of the identity even if the server's clock was set back. A double
// represents it exactly.
func newMark() int64 {
	return 1 + rand.Int64N(1<<52) //nolint:gosec // tells marks apart; it is not a secret
}

// MarkChanged implements [stores.Marker].
func (s *Store) MarkChanged(ctx context.Context, identity string) (stores.Changed, error) {
	if identity == "" {
		return stores.Changed{}, stores.ErrNoIdentity
	}
	d := digestOf(identity)
	names := s.names(d.tag[:], &d)
	values, err := s.integers(ctx, s.scripts.mark, names[len(names)-1:], []string{strconv.FormatInt(newMark(), 10), retentionText}, 2)
	if err != nil {
		return stores.Changed{}, err
	}
	return stores.Changed{Ago: age(values[0]), Mark: values[1]}, nil
}

// List returns the live sessions of an identity, oldest first. All of them come
// in one reply, so limit the sessions of an identity.
func (s *Store) List(ctx context.Context, identity string) ([]stores.Record, error) {
	if identity == "" {
		return nil, stores.ErrNoIdentity
	}
	k, err := s.key(ctx)
	if err != nil {
		return nil, err
	}
	d := digestOf(identity)
	values, err := s.run(ctx, s.scripts.list, s.names(d.tag[:], nil), []string{string(d.rest[:])})
	if err != nil {
		return nil, err
	}
	if len(values)%3 != 1 {
		return nil, errFormat
	}
	now, err := values[0].AsInt64()
	if err != nil {
		return nil, err
	}
	records := make([]stores.Record, 0, len(values)/3)
	for v := values[1:]; len(v) > 0; v = v[3:] {
		name, err := v[0].ToString()
		if err != nil {
			return nil, err
		}
		var id plainID
		copy(id[:], name)
		r, err := parse(k.public(id), now, &v[1], &v[2])
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// RevokeIdentity deletes every session of an identity except the session
// except, atomically against all other calls, and leaves the revocation mark.
func (s *Store) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	spared := ""
	if !except.IsZero() {
		k, err := s.key(ctx)
		if err != nil {
			return stores.Revoked{}, err
		}
		plain := k.plain(except)
		spared = string(plain[:])
	}
	d := digestOf(identity)
	values, err := s.integers(ctx, s.scripts.revoke, s.markedNames(d.tag[:], &d), []string{
		string(d.rest[:]), spared, retentionText, strconv.FormatInt(newMark(), 10), s.channel,
	}, 4)
	if err != nil {
		return stores.Revoked{}, err
	}
	s.noteLost(ctx, values[2])
	return stores.Revoked{Count: int(values[0]), Ago: age(values[1]), Mark: values[3]}, nil
}
