package report

import "github.com/humasess/sessions/humasess/events"

// Created returns the event of a new session. users says whether sessions have owners.
func Created(id, owner string, users bool) events.Event {
	e := events.Event{Kind: events.Created, SessionID: id, Identity: owner}
	switch {
	case owner != "":
		e.Reason = events.ReasonSignIn
	case users:
		e.Reason = events.ReasonAnonymous
	}
	return e
}

// Destroyed returns the event of a session that a request has ended. The end of an
// anonymous session is not a sign-out.
func Destroyed(id, owner string, reason events.Reason) events.Event {
	if owner == "" && reason == events.ReasonSignOut {
		reason = ""
	}
	return events.Event{Kind: events.Destroyed, SessionID: id, Identity: owner, Reason: reason}
}
