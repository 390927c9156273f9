package storetest

import (
	"errors"
	"fmt"
	"slices"
)

// Op is a method of a store.
type Op string

// The methods that [Record] calls.
const (
	OpLoad   Op = "load"
	OpCreate Op = "create"
	OpUpdate Op = "update"
	OpTouch  Op = "touch"
	OpDelete Op = "delete"
	OpRevoke Op = "revoke"
)

// The values of [Result.Error]; any other is the text of an unexpected error.
const (
	OK          = ""
	NotFound    = "not found"
	Conflict    = "conflict"
	Exists      = "exists"
	Unsupported = "unsupported"
)

// Event is one call and its answer.
type Event struct {
	Client int   `json:"client"` // calls of one client follow each other
	Call   int64 `json:"call"`   // nanoseconds on one monotonic clock
	Return int64 `json:"return"` // on the same clock

	Op       Op     `json:"op"`                 // the method
	ID       string `json:"id,omitempty"`       // not for revoke
	Identity string `json:"identity,omitempty"` // for create and revoke
	Except   string `json:"except,omitempty"`   // for revoke: an ID
	Payload  string `json:"payload,omitempty"`  // for create and update: unique
	Version  int64  `json:"version,omitempty"`  // for update, and for delete if conditional

	Result Result `json:"result"` // the answer
}

// Result is the answer of a store.
type Result struct {
	Error    string `json:"error,omitempty"`    // OK or the kind of error
	Version  int64  `json:"version,omitempty"`  // of load, create and update
	Identity string `json:"identity,omitempty"` // of load
	Payload  string `json:"payload,omitempty"`  // of load
	Count    int    `json:"count,omitempty"`    // of revoke
	Marked   bool   `json:"marked,omitempty"`   // of create and revoke: the identity had been revoked
}

// History holds the calls on a few sessions that do not expire and are not
// evicted.
type History struct {
	// Identities maps every ID to the identity that all its sessions have.
	Identities map[string]string `json:"identities"`

	// Events are the calls, in the order in which they began.
	Events []Event `json:"events"`
}

// Check looks for answers that are not possible in any order of the calls. It
// compares two or three calls on one ID. Examples are a read of a replaced or
// deleted value, a session that vanished, and two updates of one version. It is
// sound but not complete. Each violation that it reports is real, but it misses
// those that only a search over all orders finds.
func (h History) Check() error {
	var errs []error
	byID := make(map[string][]Event)
	for _, ev := range h.Events {
		switch ev.Result.Error {
		case OK, NotFound, Conflict, Exists, Unsupported:
		default:
			errs = append(errs, fmt.Errorf("client %d: %s: %s", ev.Client, ev.Op, ev.Result.Error))
		}
		if ev.Op != OpRevoke {
			byID[ev.ID] = append(byID[ev.ID], ev)
			continue
		}
		for id, identity := range h.Identities {
			if identity == ev.Identity && id != ev.Except {
				byID[id] = append(byID[id], ev)
			}
		}
	}
	for id, events := range byID {
		errs = append(errs, checkSession(id, events)...)
	}
	return errors.Join(errs...)
}

// checkSession checks the calls that concern one ID.
func checkSession(id string, events []Event) (errs []error) {
	writers := make(map[string]Event)
	var writes, ends []Event // that succeeded
	for _, ev := range events {
		switch {
		case ev.Result.Error != OK:
		case ev.Op == OpCreate || ev.Op == OpUpdate:
			writers[ev.Payload] = ev
			writes = append(writes, ev)
		case ev.Op == OpDelete || ev.Op == OpRevoke:
			ends = append(ends, ev)
		}
	}
	for _, ev := range events {
		if ev.Op != OpLoad {
			continue
		}
		switch ev.Result.Error {
		case OK:
			errs = append(errs, checkLoaded(id, ev, writers, append(slices.Clip(writes), ends...))...)
		case NotFound:
			if w, ok := vanished(ev, writes, ends); ok {
				errs = append(errs, fmt.Errorf("session %s: load found no session after a %s of %q, although no call ended it", id, w.Op, w.Payload))
			}
		}
	}
	return append(errs, checkVersions(id, writes)...)
}

// checkLoaded requires that a call had written the loaded payload, and that no
// call had replaced or ended it by then.
func checkLoaded(id string, load Event, writers map[string]Event, changes []Event) (errs []error) {
	w, ok := writers[load.Result.Payload]
	if !ok || w.Call > load.Return {
		return []error{fmt.Errorf("session %s: load returned %q, which no call had written", id, load.Result.Payload)}
	}
	if w.Result.Version != load.Result.Version {
		errs = append(errs, fmt.Errorf("session %s: load returned %q at version %d, but it was written at version %d",
			id, w.Payload, load.Result.Version, w.Result.Version))
	}
	for _, m := range changes {
		if w.Return < m.Call && m.Return < load.Call {
			errs = append(errs, fmt.Errorf("session %s: load returned %q after a %s had replaced it", id, w.Payload, m.Op))
		}
	}
	return errs
}

// vanished returns a write that happened before the load and that no call can
// have ended.
func vanished(load Event, writes, ends []Event) (Event, bool) {
next:
	for _, w := range writes {
		if w.Return >= load.Call {
			continue
		}
		for _, end := range ends {
			if end.Return > w.Call && end.Call < load.Return {
				continue next
			}
		}
		return w, true
	}
	return Event{}, false
}

// checkVersions requires that no version was replaced twice, unless a Create
// may have come in between.
func checkVersions(id string, writes []Event) (errs []error) {
	for i, a := range writes {
		for _, b := range writes[i+1:] {
			if a.Op != OpUpdate || b.Op != OpUpdate || a.Version != b.Version {
				continue
			}
			between := false
			for _, c := range writes {
				between = between || c.Op == OpCreate &&
					c.Return > min(a.Call, b.Call) && c.Call < max(a.Return, b.Return)
			}
			if !between {
				errs = append(errs, fmt.Errorf("session %s: %q and %q both replaced version %d", id, a.Payload, b.Payload, a.Version))
			}
		}
	}
	return errs
}
