package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/humasess/sessions/stores"
)

// retention of revocation marks: longer than promised, so that rounding does
// not make it shorter.
const retention = stores.RevocationRetention + time.Minute

// List returns the live sessions of an identity, oldest first. One of many
// sessions comes in one answer: List is for identities with a limit.
func (s *Store) List(ctx context.Context, identity string) ([]stores.Record, error) {
	if identity == "" {
		return nil, stores.ErrNoIdentity
	}
	d := s.hasher.hash(identity)
	values, err := s.run(ctx, s.scripts.list, s.keys(d.tag[:], nil), []string{string(d.rest[:])})
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
		var id stores.ID
		copy(id[:], name)
		r, err := parse(id, now, &v[1], &v[2])
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// RevokeIdentity deletes every session of an identity but except, atomically
// against all other calls, and leaves the revocation mark.
func (s *Store) RevokeIdentity(ctx context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	if identity == "" {
		return stores.Revoked{}, stores.ErrNoIdentity
	}
	d := s.hasher.hash(identity)
	values, err := s.integers(ctx, s.scripts.revoke, s.markedKeys(d.tag[:], &d), s.hinted([]string{
		string(d.rest[:]), string(except[:]), strconv.FormatInt(retention.Milliseconds(), 10),
	}), 4)
	if err != nil {
		return stores.Revoked{}, err
	}
	s.noteLost(ctx, values[2])
	return stores.Revoked{Count: int(values[0]), Ago: age(values[1]), Mark: values[3]}, nil
}
