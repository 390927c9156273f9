package cookie

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/humasess/sessions/stores"
)

// Create implements [stores.Store]. It ignores the limit.
//
// It checks the new session and those that it replaces in one call. No session
// is ended before the new cookie is sealed, because sealing fails for a session
// that is too large. With Options.Revoked, if several requests replace one
// session, exactly one of them succeeds.
func (t *requestStore) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	if _, err := t.live(ctx, c.ID); err == nil || !errors.Is(err, stores.ErrNotFound) {
		if err == nil {
			err = stores.ErrExists
		}
		return stores.Created{}, err
	}
	if c.ID.IsZero() || c.Idle <= 0 || c.Absolute <= 0 {
		return stores.Created{}, errors.New("cookie: Create called without an ID or a timeout")
	}
	it, err := t.begin(&c)
	if err != nil {
		return stores.Created{}, err
	}
	created := stores.Created{
		Version: it.Version, Expires: it.Expires, Deadline: it.Deadline, Now: it.Now, RevokedAgo: stores.NotRevoked,
	}
	ends, err := t.replaced(&c, it.Now)
	if err != nil {
		return stores.Created{}, err
	}
	if t.store.revoked != nil {
		st, err := t.ask(ctx, &c, ends)
		if err != nil {
			return stores.Created{}, err
		}
		it.stood, it.era, it.mark = true, st.Era, st.Mark
		created.RevokedAgo, created.Mark = st.RevokedAgo, st.Mark
		if err := c.TooOld(&created); err != nil {
			return stores.Created{}, err
		}
	}
	if err := t.seal(&it); err != nil {
		return stores.Created{}, err
	}
	t.save(ctx)
	for i := range slices.Backward(ends) { // the first one, which admitted the request, ends last
		if err := ends[i].end(ctx, t); err != nil {
			return stores.Created{}, err
		}
	}
	for _, old := range c.Replaces {
		t.forget(old.ID)
	}
	t.forget(c.ID)
	t.add(it)
	created.Replaced = len(c.Replaces) > 0
	return created, nil
}

// begin returns the new session, or ErrNotFound if NotAfter has passed.
func (t *requestStore) begin(c *stores.Create) (item, error) {
	now := t.now()
	deadline := t.deadline(c.Absolute)
	if !c.NotAfter.IsZero() {
		if deadline = earlier(deadline, c.NotAfter.Truncate(time.Second)); !deadline.After(now) {
			return item{}, stores.ErrNotFound
		}
	}
	return item{fresh: true, latest: deadline, Record: stores.Record{
		ID: c.ID, Identity: c.Identity, Version: 1, LastSeen: now, Now: now,
		Expires: earlier(now.Add(wholeIdle(c.Idle)), deadline), Deadline: deadline, Payload: c.Payload,
	}}, nil
}

// ending is a session that a Create ends.
type ending struct {
	stores.Replaced
	item  stores.Subject
	keep  time.Duration
	fresh bool // no other copy exists
	done  bool // all copies are refused already
}

// replaced returns the sessions to end. It returns an error if one has another
// version or is gone without MayBeGone.
func (t *requestStore) replaced(c *stores.Create, now time.Time) ([]ending, error) {
	var ends []ending
	for _, old := range c.Replaces {
		if old.ID.IsZero() || old.ID == c.ID || old.Version < 0 {
			return nil, fmt.Errorf("cookie: Create replaces %v at version %d", old.ID, old.Version)
		}
		it := t.find(old.ID)
		if it != nil {
			it.Now = now
		}
		switch {
		case it == nil || it.over():
			if !old.MayBeGone {
				return nil, stores.ErrNotFound
			}
			if it == nil || !it.elsewhere() {
				continue
			}
		case old.Version != 0 && old.Version != it.Version:
			return nil, stores.ErrConflict
		}
		if i := slices.IndexFunc(ends, func(e ending) bool { return e.ID == old.ID }); i >= 0 {
			ends[i].MayBeGone = ends[i].MayBeGone && old.MayBeGone
			continue
		}
		ends = append(ends, ending{
			Replaced: old, item: stores.Subject{ID: it.ID, Identity: it.Identity}, keep: it.keep(), fresh: it.fresh,
		})
	}
	return ends, nil
}

// ask checks the new session and those to end in one round trip, and returns
// the standing of the new one.
func (t *requestStore) ask(ctx context.Context, c *stores.Create, ends []ending) (stores.Standing, error) {
	subject := stores.Subject{ID: c.ID, Identity: c.Identity}
	var st stores.Standing
	if len(ends) == 0 {
		var err error
		if st, err = t.store.revoked.Check(ctx, c.ID, c.Identity); err != nil {
			return st, err
		}
	} else {
		subjects := []stores.Subject{subject}
		for i := range ends {
			subjects = append(subjects, ends[i].item)
		}
		standings, err := stores.CheckMany(ctx, t.store.revoked, subjects)
		if err != nil {
			return st, err
		}
		st = standings[0]
		for i := range ends {
			end := &ends[i]
			end.done = !end.fresh && !t.find(end.ID).standsBy(standings[i+1])
			if end.done && !end.MayBeGone {
				return st, stores.ErrNotFound
			}
		}
	}
	if st.Ended {
		return st, stores.ErrExists
	}
	return st, nil
}

// end marks the session as ended.
func (e *ending) end(ctx context.Context, t *requestStore) error {
	if t.store.revoked == nil || e.fresh || e.done {
		return nil
	}
	err := t.store.end(ctx, e.ID, e.keep)
	if errors.Is(err, stores.ErrNotFound) && e.MayBeGone {
		err = nil
	}
	return err
}
