package gate

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
)

// listener returns the reporter of a session's manager, or nil if nothing notices an
// event for debugging. Then the event is not made, so that a refusal costs nothing.
func listener(r *Request, session int) Reporter {
	if to := r.entry.sessions[session].manager.Reporter(); to.Listens() {
		return to
	}
	return nil
}

// event returns an event about the session of the request.
func event(r *Request, kind events.Kind, reason events.Reason, who *Described, err error) events.Event {
	return events.Event{
		Kind: kind, Reason: reason, SessionID: who.SessionID, Identity: who.Identity, Operation: r.OperationName(), Err: err,
	}
}

// denied reports that the request satisfies no alternative of a demand. lacking is an
// alternative that lacks only roles, or nil: then the answer is 401.
func denied(r *Request, d *demand, lacking []condition) {
	if lacking == nil {
		challenged(r, d)
		return
	}
	for i := range lacking {
		c := &lacking[i]
		if c.session < 0 || c.token || c.check != nil && !c.user {
			continue
		}
		to, roles := listener(r, c.session), c.roles
		if to == nil {
			continue
		}
		var user any
		if c.user {
			user, _ = r.check(c)
			roles = r.entry.sessions[c.session].roles
		}
		if who := r.sessions()[c.session].Describe(user, roles); len(who.Lacks) > 0 {
			to.Emit(r.parent, event(r, events.Refused, events.ReasonRole, &who, fmt.Errorf("the user lacks the roles %q", who.Lacks)))
			return
		}
	}
}

// challenged reports a 401 for a demand. The session of the first alternative that counts
// gives the reason, unless it is absent and another credential was refused.
func challenged(r *Request, d *demand) {
	of := wanted(r, d)
	if of == nil {
		return // no manager knows the schemes
	}
	to := listener(r, of.session)
	if to == nil {
		return
	}
	var who Described
	reason := events.ReasonAbsent
	if s := r.sessions()[of.session]; of.check == nil && !s.Brought() {
		who = s.Describe(nil, nil)
		switch {
		case who.Reason != "":
			reason = who.Reason
		case of.bearer != r.bearer:
			reason = events.ReasonForeign
		default:
			reason = events.ReasonAnonymous
		}
	}
	if reason == events.ReasonAbsent && r.credentialRefused() {
		reason = events.ReasonCredential
	}
	to.Emit(r.parent, event(r, events.Challenged, reason, &who, nil))
}

// wanted returns the condition of a demand that the request came nearest to: that of a
// session which comes as the request's own, then of any session, then of a credential. It
// returns nil if no manager knows the schemes.
func wanted(r *Request, d *demand) *condition {
	var best *condition
	rank := func(c *condition) int {
		switch {
		case c == nil || c.session < 0:
			return 0
		case c.check != nil || c.token:
			return 1
		case c.bearer != r.bearer:
			return 2
		}
		return 3
	}
	for _, alternative := range d.alternatives {
		if !r.considers(alternative) {
			continue
		}
		for i := range alternative {
			if c := &alternative[i]; rank(c) > rank(best) {
				best = c
			}
		}
	}
	return best
}

// stale reports a 403 for an authentication that is too old, or that lacks methods.
func stale(r *Request, session int, methods []string, within time.Duration) {
	to := listener(r, session)
	if to == nil {
		return
	}
	s := r.sessions()[session]
	reason, err := events.ReasonNotFresh, fmt.Errorf("the user has not authenticated within %v", within)
	if s.Proven(nil, within) {
		lacks := slices.DeleteFunc(slices.Clone(methods), func(name string) bool { return s.Proven([]string{name}, within) })
		reason, err = events.ReasonMethods, fmt.Errorf("the user has not authenticated by %q", lacks)
	}
	who := s.Describe(nil, nil)
	to.Emit(r.parent, event(r, events.Refused, reason, &who, err))
}

// guarded reports the answer of a guard. One that cannot decide has refused nothing.
func guarded(r *Request, session int, model huma.StatusError, err error) {
	status := model.GetStatus()
	if status >= http.StatusInternalServerError {
		return
	}
	to := listener(r, session)
	if to == nil {
		return
	}
	who := r.sessions()[session].Describe(nil, nil)
	kind := events.Refused
	if status == http.StatusUnauthorized {
		kind = events.Challenged
	}
	to.Emit(r.parent, event(r, kind, events.ReasonGuard, &who, err))
}

// guardFailed reports an error of a guard that the client does not get.
func guardFailed(r *Request, session int, err error) {
	who := r.sessions()[session].Describe(nil, nil)
	r.entry.sessions[session].manager.Reporter().Emit(r.parent, event(r, events.Refused, events.ReasonGuardError, &who, err))
}
