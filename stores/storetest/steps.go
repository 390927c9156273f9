package storetest

import (
	"bytes"
	"errors"
	"time"

	"github.com/humasess/sessions/stores"
)

// id returns a new ID; it ends the check if NewID fails.
func (e *env) id(identity string) stores.ID {
	id, err := stores.NewID(e.ctx, e.store, identity)
	if err != nil {
		e.fatalf("NewID(%q): %v", identity, err)
	}
	return id
}

// spec describes a session with long timeouts.
func (e *env) spec(identity, payload string) stores.Create {
	return stores.Create{
		ID:       e.id(identity),
		Identity: identity,
		Payload:  []byte(payload),
		Idle:     hour,
		Absolute: day,
	}
}

// create calls Create and ends the check if it fails.
func (e *env) create(c stores.Create) stores.Created {
	e.notesEnd(min(c.Idle, c.Absolute))
	created, err := e.store.Create(e.ctx, c)
	if err != nil {
		e.fatalf("Create(identity %q, limit %d): %v", c.Identity, c.Limit, err)
	}
	return created
}

// add creates a session with long timeouts; it ends the check if Create fails.
func (e *env) add(identity, payload string) stores.ID {
	c := e.spec(identity, payload)
	e.create(c)
	return c.ID
}

// update calls Update and ends the check if it fails.
func (e *env) update(u stores.Update) stores.Updated {
	updated, err := e.store.Update(e.ctx, u)
	if err != nil {
		e.fatalf("Update(version %d): %v", u.Version, err)
	}
	return updated
}

// load calls Load and ends the check if it fails.
func (e *env) load(id stores.ID) stores.Record {
	r, err := e.store.Load(e.ctx, id)
	if err != nil {
		e.fatalf("Load of a live session: %v", err)
	}
	return r
}

// touch calls Touch and ends the check if it fails.
func (e *env) touch(id stores.ID, idle time.Duration) time.Time {
	expires, err := e.store.Touch(e.ctx, id, idle)
	if err != nil {
		e.fatalf("Touch of a live session: %v", err)
	}
	return expires
}

// revoke calls RevokeIdentity and ends the check if it fails.
func (e *env) revoke(identity string, except stores.ID) stores.Revoked {
	revoked, err := e.needIndex().RevokeIdentity(e.ctx, identity, except)
	if err != nil {
		e.fatalf("RevokeIdentity(%q): %v", identity, err)
	}
	return revoked
}

// list calls List and ends the check if it fails.
func (e *env) list(identity string) []stores.Record {
	records, err := e.needIndex().List(e.ctx, identity)
	if err != nil {
		e.fatalf("List(%q): %v", identity, err)
	}
	return records
}

// lists requires List to return exactly ids, in this order. Without an index
// it does nothing.
func (e *env) lists(when, identity string, ids ...stores.ID) {
	if e.index == nil {
		return
	}
	got := idsOf(e.list(identity))
	if len(got) != len(ids) {
		e.errorf("%s: List(%q) returns %d sessions, want %d", when, identity, len(got), len(ids))
		return
	}
	for i := range ids {
		if got[i] != ids[i] {
			e.errorf("%s: List(%q) returns %v, want %v, oldest first", when, identity, got, ids)
			return
		}
	}
}

func idsOf(records []stores.Record) []stores.ID {
	ids := make([]stores.ID, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	return ids
}

// gone requires Load to return ErrNotFound for each session.
func (e *env) gone(when string, ids ...stores.ID) {
	for _, id := range ids {
		r, err := e.store.Load(e.ctx, id)
		e.fails(when+": Load", err, stores.ErrNotFound)
		if err == nil {
			e.errorf("%s: the session has version %d, payload %.40q, expires %v, now %v",
				when, r.Version, r.Payload, r.Expires, r.Now)
		}
	}
}

// alive requires Load to find each session.
func (e *env) alive(when string, ids ...stores.ID) {
	for _, id := range ids {
		if _, err := e.store.Load(e.ctx, id); err != nil {
			e.errorf("%s: Load of a session that should live: %v", when, err)
		}
	}
}

// holds requires the session to have this payload.
func (e *env) holds(when string, id stores.ID, payload string) {
	if r := e.load(id); string(r.Payload) != payload {
		e.errorf("%s: payload is %.40q, want %.40q", when, r.Payload, payload)
	}
}

// fails requires an error that matches want.
func (e *env) fails(label string, got, want error) {
	if !errors.Is(got, want) {
		e.errorf("%s: got error %v, want %v", label, got, want)
	}
}

// same requires two times to be equal, except for rounding.
func (e *env) same(label string, got, want time.Time) {
	if d := got.Sub(want); d < -tolerance || d > tolerance {
		e.errorf("%s is %v, want %v (off by %v)", label, got, want, d)
	}
}

// equal requires two records of one session to agree, except Now.
func (e *env) equal(label string, got, want stores.Record) {
	if got.ID != want.ID || got.Identity != want.Identity || got.Version != want.Version ||
		!bytes.Equal(got.Payload, want.Payload) {
		e.errorf("%s: got session %v of %q, version %d, payload %.40q, want %v of %q, version %d, payload %.40q",
			label, got.ID, got.Identity, got.Version, got.Payload,
			want.ID, want.Identity, want.Version, want.Payload)
	}
	e.same(label+": LastSeen", got.LastSeen, want.LastSeen)
	e.same(label+": Expires", got.Expires, want.Expires)
	e.same(label+": Deadline", got.Deadline, want.Deadline)
}
