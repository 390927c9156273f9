package storetest

import (
	"errors"
	"time"

	"github.com/humasess/sessions/stores"
)

var expiryChecks = []Check{
	newCheck(4, "L1 expired by idle timeout is gone",
		"A session outlived its idle timeout.",
		func(e *env) { e.expires(e.unit, day) }),

	newCheck(4, "L2 expired by deadline is gone",
		"A session outlived its deadline.",
		func(e *env) { e.expires(hour, e.unit) }),

	newCheck(4, "expired after an update is gone",
		"A session outlived the timeouts that an update gave it.",
		func(e *env) {
			idle, absolute := e.add("alice", "x"), e.add("alice", "x")
			e.update(stores.Update{ID: idle, Version: e.load(idle).Version, Idle: e.unit})
			e.update(stores.Update{ID: absolute, Version: e.load(absolute).Version, Absolute: e.unit})
			touched := e.spec("alice", "x")
			touched.Idle = 50 * e.unit
			e.create(touched)
			e.advance(2 * e.unit)
			e.gone("after the timeouts", idle, absolute)
			e.lists("after the timeouts", "alice", touched.ID)
		}),

	newCheck(4, "an expired session leaves its ID",
		"An expired session was visible through a new session with its ID.",
		func(e *env) {
			c := e.spec("alice", "old")
			c.Idle = e.unit
			e.create(c)
			e.advance(2 * e.unit)
			again := e.spec("bob", "new")
			again.ID = c.ID
			switch _, err := e.store.Create(e.ctx, again); {
			case err == nil:
				e.holds("after a second Create", c.ID, "new")
				e.lists("after a second Create", "alice")
				e.lists("after a second Create", "bob", c.ID)
			case errors.Is(err, stores.ErrExists):
				e.gone("after a second Create that failed", c.ID)
			default:
				e.errorf("Create over an expired session: %v", err)
			}
		}),
}

// expires requires a session with these timeouts to be gone for every method
// after two units. Each method is the first to see its own session, because the
// clean-up by one method must not hide a fault of the next.
func (e *env) expires(idle, absolute time.Duration) {
	add := func(identity string) stores.ID {
		c := e.spec(identity, "x")
		c.Idle, c.Absolute = idle, absolute
		e.create(c)
		return c.ID
	}
	loaded, touched, updated, deleted := add("alice"), add("alice"), add("alice"), add("alice")
	many, memo := add("alice"), add("alice")
	add("listed")
	add("listed")
	revoked := add("revoked")
	other := e.add("other", "x")
	e.advance(2 * e.unit)

	e.gone("after the timeout", loaded)
	_, err := e.store.Touch(e.ctx, touched, hour)
	e.fails("Touch of an expired session", err, stores.ErrNotFound)
	_, err = e.store.Update(e.ctx, stores.Update{
		ID: updated, Version: 1, Payload: []byte("y"), Idle: hour, Absolute: day,
	})
	e.fails("Update of an expired session", err, stores.ErrNotFound)
	err = e.store.Delete(e.ctx, deleted, stores.Condition{})
	e.fails("Delete of an expired session", err, stores.ErrNotFound)
	records, err := stores.LoadMany(e.ctx, e.store, []stores.ID{many, other})
	if err != nil || len(records) != 1 || records[0].ID != other {
		e.errorf("LoadMany of an expired and a live session returns %d sessions and %v, want the live one",
			len(records), err)
	}
	if m, ok := stores.As[stores.Memoizer](e.store); ok {
		_, _, err := m.LoadMemo(e.ctx, memo)
		e.fails("LoadMemo of an expired session", err, stores.ErrNotFound)
	}
	e.lists("after the timeout", "listed")
	if e.index != nil {
		if got := e.revoke("revoked", stores.ID{}).Count; got != 0 {
			e.errorf("RevokeIdentity counts %d sessions, want 0, because they have expired", got)
		}
	}
	e.gone("after everything", loaded, touched, updated, deleted, many, memo, revoked)
	e.lists("after everything", "alice")
	e.alive("after everything", other)
}
