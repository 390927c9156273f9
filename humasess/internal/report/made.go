package report

import (
	"slices"

	"github.com/humasess/sessions/humasess/events"
)

// Created returns the event of a new session. users says whether sessions have owners. A
// session that continues another one of the same user is that one with a new ID.
func Created(id, owner string, users, continues bool) events.Event {
	e := events.Event{Kind: events.Created, SessionID: id, Identity: owner}
	switch {
	case continues:
		e.Kind = events.Renewed
	case owner != "":
		e.Reason = events.ReasonSignIn
	case users:
		e.Reason = events.ReasonAnonymous
	}
	return e
}

// WithoutCreated returns the events except those of new sessions with another ID than that
// of the request's session. Their transactions were rolled back.
func WithoutCreated(all []events.Event, id string) []events.Event {
	return slices.DeleteFunc(all, func(e events.Event) bool { return e.Kind == events.Created && e.SessionID != id })
}

// Destroyed returns the event of a session that a request has ended. The end of an
// anonymous session is not a sign-out.
func Destroyed(id, owner string, reason events.Reason) events.Event {
	if owner == "" && reason == events.ReasonSignOut {
		reason = ""
	}
	return events.Event{Kind: events.Destroyed, SessionID: id, Identity: owner, Reason: reason}
}
