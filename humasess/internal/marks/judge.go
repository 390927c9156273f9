package marks

import (
	"slices"
	"time"

	"github.com/humasess/sessions/stores"
)

// Verdict says whether the credentials that a request has checked still count.
type Verdict uint8

// Verdicts, the weightier ones last.
const (
	Before  Verdict = iota // there is no mark, or it came before the request
	Perhaps                // the order cannot be told
	Changed
	Revoked
)

// Judge compares marks with one request.
type Judge struct {
	Journal *Journal
	Began   time.Time // the begin of the request
	Own     []Mark    // marks that the request has left itself, which are no reason to refuse it
}

// Created judges a session of an owner by the marks that the store has reported when it
// created the session in the call.
func (j Judge) Created(owner string, created *stores.Created, call Bracket) Verdict {
	v := j.judge(created.RevokedAgo, Mark{Key{Owner: owner}, created.Mark, call})
	if owner == "" {
		return v
	}
	key := Key{Owner: owner, Changed: true}
	changed := Before
	switch {
	case created.ChangeMark != 0:
		changed = j.judge(created.ChangedAgo, Mark{key, created.ChangeMark, call})
	case len(j.Own) == 0 && j.Journal.since(key, j.Began):
		changed = Changed // the store keeps no such mark, but this process does
	}
	return max(v, changed)
}

// judge compares the begin of the request with a mark: ago by the store's clock when it
// answered the call, or the one with the name.
func (j Judge) judge(ago time.Duration, call Mark) Verdict {
	if ago < 0 {
		return Before
	}
	earliest, latest := call.From.Add(-ago), call.To.Add(-ago)
	if latest.Before(j.Began) || j.isOwn(&call, earliest, latest) {
		return Before
	}
	before, after := j.Journal.order(call.Key, call.Name, j.Began)
	if !before && !after && !call.Changed {
		before, after = j.Journal.order(Key{}, call.Name, j.Began)
	}
	switch {
	case before:
		return Before
	case !after && earliest.Before(j.Began):
		return Perhaps
	case call.Changed:
		return Changed
	}
	return Revoked
}

// isOwn reports whether the request has left a mark itself.
func (j Judge) isOwn(call *Mark, earliest, latest time.Time) bool {
	for i := range j.Own {
		own := &j.Own[i]
		switch {
		case own.Key != call.Key:
		case own.Name != 0 && call.Name != 0:
			if own.Name == call.Name {
				return true
			}
		case !latest.Before(own.From) && !earliest.After(own.To):
			return true // of one of the two, the name is not known
		}
	}
	return false
}

// First reports whether no other mark came before one that the request has left itself:
// ago says how long before.
func (j Judge) First(ago time.Duration, own Mark) bool {
	own.Name = 0 // of the earlier mark it is not known
	return j.judge(ago, own) == Before
}

// MayStand reports whether the store may be wrong to refuse a session of an owner for a
// mark of a kind. The store goes by clocks. A mark of the request's own, or one that is
// known by name to have come before, does not count.
func (j Judge) MayStand(owner string, changed bool) bool {
	return slices.ContainsFunc(j.Own, func(own Mark) bool { return own.Changed == changed }) ||
		j.Journal.known(owner, changed, j.Began)
}

// RevokedSince reports whether this process has revoked the owner, or everything, since
// the request began.
func (j Judge) RevokedSince(owner string) bool {
	return len(j.Own) == 0 && (j.Journal.since(Key{Owner: owner}, j.Began) || j.Journal.since(Key{}, j.Began))
}
