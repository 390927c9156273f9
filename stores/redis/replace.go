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

// undoWithin bounds the deletion of a session whose create has failed.
const undoWithin = 2 * time.Second

// A create may replace sessions of its own group and others. The script of a
// create checks and deletes those of its group in its one atomic step. The
// others may lie in another slot, which no script reaches. A create that
// replaces any of them has these steps:
//
//  1. It looks at the others first, if more than one step could find a conflict.
//  2. The script creates the new session and checks its group, and deletes none.
//  3. The others are deleted, each at its version, those first that can
//     conflict.
//  4. The script finish deletes those of the group, and the oldest over the
//     limit. Without any, there is no such step.
//
// If a step fails, the new session is deleted and the error returned. If the
// process dies, the new session is left, and nothing has its token. A sign-in
// that fails so ends none of the old sessions, with this exception: after some
// of several were deleted, a change of the next one in the same moment, or a
// failure of the server, stops the create.
type replacement struct {
	same   []stores.Replaced // of the group of the new session
	others []stores.Replaced
}

// replacementOf sorts what a create replaces. It handles an ID once that is
// listed twice: at the version of either and, if either says so, not gone.
func replacementOf(k *idKey, c *stores.Create, plain *plainID) (replacement, error) {
	var r replacement
	for _, old := range c.Replaces {
		switch {
		case old.ID.IsZero():
			return r, errZeroID
		case old.ID == c.ID:
			return r, errors.New("redis: create that replaces itself")
		case old.Version < 0:
			return r, fmt.Errorf("redis: create that replaces version %d", old.Version)
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

// arguments are those of the sessions in the group.
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

// look checks the other sessions, unless the only step that deletes them does.
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

// takeOver is the rest of a create in mode first. It returns how many sessions
// have given way to the limit.
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

// end deletes a session that is replaced.
func (s *Store) end(ctx context.Context, old stores.Replaced) error {
	err := s.Delete(ctx, old.ID, stores.Condition{Version: old.Version})
	if unanswered(err) && ctx.Err() == nil {
		// The deletion may have happened. If so, there is none to delete now.
		if err = s.Delete(ctx, old.ID, stores.Condition{Version: old.Version}); errors.Is(err, stores.ErrNotFound) {
			return nil
		}
	}
	if old.MayBeGone && errors.Is(err, stores.ErrNotFound) {
		return nil
	}
	return err
}

// unanswered reports whether the server may have done what the error is about.
func unanswered(err error) bool {
	if err == nil || errors.Is(err, stores.ErrNotFound) || errors.Is(err, stores.ErrConflict) || errors.Is(err, stores.ErrExists) || errors.Is(err, stores.ErrLimit) ||
		errors.Is(err, stores.ErrRevoked) || errors.Is(err, stores.ErrChanged) {
		return false
	}
	var refused *rueidis.RedisError
	return !errors.As(err, &refused)
}

// undo deletes the new session of a create that has failed, on a context of its
// own, because that of the call may be the reason. If this fails, too, the
// session stays until it expires, and nothing has its token.
func (s *Store) undo(ctx context.Context, id stores.ID, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
	defer cancel()
	if err := s.Delete(ctx, id, stores.Condition{}); err != nil && !errors.Is(err, stores.ErrNotFound) {
		return fmt.Errorf("%w (the new session is left: %v)", cause, err) //nolint:errorlint // the cause decides
	}
	return cause
}
