package sqlite

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
)

// mark is when an identity was revoked or changed last, on the machine's clock,
// and the name of that call. Its time follows the clock, and its name does not:
// two calls never have the same name, even when the clock was set back.
type mark struct {
	at, name int64
	held     bool
}

// age is how long ago that was, and its name, or NotRevoked and 0.
func (m mark) age(t *tx) (time.Duration, int64) {
	age := time.Duration(t.real - m.at)
	if !m.held || age > stores.RevocationRetention {
		return stores.NotRevoked, 0 // or about to be swept: do not depend on when
	}
	return age, m.name
}

// next returns the mark that a call leaves now.
func (m mark) next(t *tx) mark { return mark{t.real, max(t.real, m.name+1), true} }

// marks returns what there is of an identity. A revocation of everybody counts
// if it came last.
//
// A mark from the future was left before the clock was set back. It counts as
// now, and is rewritten: otherwise it would refuse sign-ins until the clock has
// caught up.
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
			m.name = m.at // of a release that had no names
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
	s.wake() // the mark has to be removed some day
	return changed, nil
}
