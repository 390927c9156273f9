package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// undoWithin bounds the deletion of a session whose create has failed. It comes on top of
// the time that the call has.
const undoWithin = time.Second / 2

// A create may replace sessions of its own group and others. The script of a
// create checks and deletes those of its group in its one atomic step. The
// others may be in another slot, which the script cannot reach. A create that
// replaces any of them has these steps:
//
//  1. It looks at the others first, if more than one step could find a conflict.
//  2. The script creates the new session and checks its group, and deletes none.
//  3. The others are deleted, each at its version, those first that can
//     conflict.
//  4. The script finish deletes those of the group, and the oldest over the
//     limit. If there are none, this step is left out.
//
// If a step fails, the new session is deleted and the error returned. If the
// process dies, the new session is left, and no client has its token. A sign-in
// that fails like this ends none of the old sessions, with one exception. After
// some of several were deleted, the create may stop because the next one has
// just changed, or because the server fails.
type replacement struct {
	same   []stores.Replaced // of the group of the new session
	others []stores.Replaced
}

// replacementOf sorts the sessions that a create replaces. If an ID is listed
// twice, it combines the entries: the version of either, and MayBeGone only if
// both allow it.
func replacementOf(k *idKey, c *stores.Create, plain *plainID) (replacement, error) {
	var r replacement
	for _, old := range c.Replaces {
		switch {
		case old.ID.IsZero():
			return r, errZeroID
		case old.ID == c.ID:
			return r, errors.New("redis: create replaces its own session")
		case old.Version < 0:
			return r, fmt.Errorf("redis: create replaces version %d", old.Version)
		}
		to := &r.others
		if p := k.plain(old.ID); !p.anonymous() && !plain.anonymous() && [tagSize]byte(p[:tagSize]) == [tagSize]byte(plain[:tagSize]) {
			to = &r.same
		}
		at := slices.IndexFunc(*to, func(o stores.Replaced) bool { return o.ID == old.ID })
		if at < 0 {
			*to = append(*to, old)
			continue
		}
		first := &(*to)[at]
		if first.Version != 0 && old.Version != 0 && first.Version != old.Version {
			return r, stores.ErrConflict // it cannot have both
		}
		first.Version = max(first.Version, old.Version)
		first.MayBeGone = first.MayBeGone && old.MayBeGone
	}
	slices.SortStableFunc(r.others, func(a, b stores.Replaced) int {
		switch {
		case strict(a) == strict(b):
			return 0
		case strict(a):
			return -1
		}
		return 1
	})
	return r, nil
}

// strict reports whether the state of a session can stop the create.
func strict(r stores.Replaced) bool { return r.Version != 0 || !r.MayBeGone }

// arguments returns the script's arguments for the sessions in the group.
func (r *replacement) arguments(k *idKey, args []string) []string {
	for _, old := range r.same {
		plain, may := k.plain(old.ID), "0"
		if old.MayBeGone {
			may = "1"
		}
		args = append(args, string(plain[:]), strconv.FormatInt(old.Version, 10), may)
	}
	return args
}

// look checks the other sessions, unless one step alone checks and deletes them
// all.
func (s *Store) look(ctx context.Context, r *replacement) error {
	var ids []stores.ID
	for _, old := range r.others {
		if strict(old) {
			ids = append(ids, old.ID)
		}
	}
	if len(ids) == 0 || len(r.others) == 1 && len(r.same) == 0 {
		return nil
	}
	records, err := s.LoadMany(ctx, ids)
	if err != nil {
		return err
	}
	for _, old := range r.others[:len(ids)] {
		at := slices.IndexFunc(records, func(r stores.Record) bool { return r.ID == old.ID })
		switch {
		case at < 0 && !old.MayBeGone:
			return stores.ErrNotFound
		case at >= 0 && old.Version != 0 && records[at].Version != old.Version:
			return stores.ErrConflict
		}
	}
	return nil
}

// takeOver finishes a create in mode first. It returns how many sessions ended
// because of the limit.
func (s *Store) takeOver(ctx context.Context, k *idKey, c *stores.Create, plain *plainID, r *replacement, over int64) (int64, error) {
	for _, old := range r.others {
		if err := s.end(ctx, old); err != nil {
			return 0, err
		}
	}
	if len(r.same) == 0 && over == 0 {
		return 0, nil
	}
	limit := c.Limit
	if c.Refuse {
		limit = 0 // the create has checked it
	}
	d := digestOf(c.Identity)
	args := r.arguments(k, []string{string(d.rest[:]), strconv.Itoa(limit), s.channel})
	values, err := s.integers(ctx, s.scripts.finish, s.names(plain.group(), nil), args, 1)
	if err != nil {
		return 0, err
	}
	return values[0], nil
}

// end deletes a session that the create replaces.
func (s *Store) end(ctx context.Context, old stores.Replaced) error {
	err := s.Delete(ctx, old.ID, stores.Condition{Version: old.Version})
	if unanswered(err) && ctx.Err() == nil {
		// The deletion may have happened. If so, the second one does not find
		// it.
		if err = s.Delete(ctx, old.ID, stores.Condition{Version: old.Version}); errors.Is(err, stores.ErrNotFound) {
			return nil
		}
	}
	if old.MayBeGone && errors.Is(err, stores.ErrNotFound) {
		return nil
	}
	return err
}

// unanswered reports whether the server may have executed the call in spite of
// err.
func unanswered(err error) bool {
	if err == nil || errors.Is(err, stores.ErrNotFound) || errors.Is(err, stores.ErrConflict) || errors.Is(err, stores.ErrExists) || errors.Is(err, stores.ErrLimit) ||
		errors.Is(err, stores.ErrRevoked) || errors.Is(err, stores.ErrChanged) {
		return false
	}
	var refused *rueidis.RedisError
	return !errors.As(err, &refused)
}

// undo deletes the new session of a create that has failed. It uses its own
// context, because the end of the call's context may be the reason. If this
// fails too, the session stays until it expires, and no client has its token.
func (s *Store) undo(ctx context.Context, id stores.ID, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
	defer cancel()
	if err := s.Delete(ctx, id, stores.Condition{}); err != nil && !errors.Is(err, stores.ErrNotFound) {
		return fmt.Errorf("%w (the new session was not deleted: %v)", cause, err) //nolint:errorlint // the cause decides
	}
	return cause
}
