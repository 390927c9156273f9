package sqlite

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
)

// mark is the time of the last revocation or change of an identity, on the
// machine's clock, and the name of that call. The time follows the clock, but
// the name does not. Two calls never have the same name, even if the clock was
// set back.
type mark struct {
	at, name int64
	held     bool
}

// age returns the age and the name of the mark, or NotRevoked and 0.
func (m mark) age(t *tx) (time.Duration, int64) {
	age := time.Duration(t.real - m.at)
	if !m.held || age > stores.RevocationRetention {
		return stores.NotRevoked, 0 // the answer must not depend on when a mark is swept
	}
	return age, m.name
}

// next returns the mark that a call leaves now.
func (m mark) next(t *tx) mark { return mark{t.real, max(t.real, m.name+1), true} }

// marks returns the marks of an identity. A mark of Clear counts as a
// revocation if it is the later one.
//
// A mark from the future was left before the clock was set back. It counts as
// now and is rewritten. Otherwise it would refuse sign-ins until the clock
// reaches it.
func (s *Store) marks(t *tx, identity string) (revoked, changed mark, err error) {
	rows, err := t.conn.QueryContext(t.ctx, s.text.marks, []byte(identity))
	if err != nil {
		return mark{}, mark{}, err
	}
	defer func() { _ = rows.Close() }()
	future := false
	for rows.Next() {
		var change bool
		m := mark{held: true}
		if err := rows.Scan(&change, &m.at, &m.name); err != nil {
			return mark{}, mark{}, err
		}
		if m.name == 0 {
			m.name = m.at // written by a release without names
		}
		if m.at > t.real {
			future, m.at = true, t.real
		}
		switch {
		case change:
			changed = m
		case m.at > revoked.at || m.at == revoked.at && m.name > revoked.name:
			revoked = m
		}
	}
	if err := rows.Err(); err != nil || !future {
		return revoked, changed, err
	}
	if err := rows.Close(); err != nil {
		return mark{}, mark{}, err
	}
	for _, text := range []string{s.text.pastRevoked, s.text.pastChanged} {
		if _, err := t.exec(text, t.real, []byte(identity)); err != nil {
			return mark{}, mark{}, err
		}
	}
	return revoked, changed, nil
}

// MarkChanged leaves the mark of a change, which every later Create reports,
// and ends no session.
func (s *Store) MarkChanged(ctx context.Context, identity string) (stores.Changed, error) {
	if identity == "" {
		return stores.Changed{}, stores.ErrNoIdentity
	}
	var changed stores.Changed
	err := s.write(ctx, func(t *tx) error {
		_, before, err := s.marks(t, identity)
		if err != nil {
			return err
		}
		changed.Ago, _ = before.age(t)
		now := before.next(t)
		changed.Mark = now.name
		_, err = t.exec(s.text.setChanged, []byte(identity), now.at, now.name)
		return err
	})
	if err != nil {
		return stores.Changed{}, err
	}
	s.wake() // the sweeper removes the mark later
	return changed, nil
}
