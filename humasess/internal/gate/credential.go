package gate

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
)

// check calls the program's check, once for each request and list of scopes.
func (r *Request) check(c *condition) (user any, err error) {
	own := r.ownRare()
	for _, known := range own.checked {
		if known.key == c.key && slices.Equal(known.scopes, c.roles) {
			return known.user, known.err
		}
	}
	user, err = c.check(&r.scope, c.roles)
	own.checked = append(own.checked, checked{c.key, c.roles, user, err})
	if err == nil || errors.Is(err, ErrNoSession) {
		return user, err
	}
	model := statusError(&r.scope, err)
	switch {
	case model != nil && model.GetStatus() >= http.StatusInternalServerError:
		own.failed, own.headers = model, headersAround(err, model)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		own.failed = answerUnavailable.model(&r.scope) // says nothing about the credential, as from a guard
	default:
		r.entry.sessions[c.session].manager.Reporter().Emit(r.parent, events.Event{
			Kind: events.Rejected, Reason: events.ReasonCredential, Operation: r.OperationName(), Err: err,
		})
	}
	return user, err
}

// credentialRefused reports whether a check has refused a credential that was presented.
func (r *Request) credentialRefused() bool {
	if r.rare == nil {
		return false
	}
	for _, c := range r.rare.checked {
		if c.err != nil && !errors.Is(c.err, ErrNoSession) {
			return true
		}
	}
	return false
}

// failure returns the error of a check that could not decide, and its headers.
func (r *Request) failure() (huma.StatusError, http.Header) {
	if r.rare == nil {
		return nil, nil
	}
	return r.rare.failed, r.rare.headers
}

// bring makes the user of a credential the one of the request. A session that has not
// helped to admit the request does not count any more: the handler would find it in place
// of the user. A borrowed one belongs to the request around this one.
func (r *Request) bring(c *condition) {
	s, use := &r.sessions()[c.session], &r.entry.sessions[c.session]
	if (s.borrowed || !s.Empty()) && !s.Brought() && !s.relied {
		*s = slot{Session: use.manager.NewState(), bound: s.bound}
		s.Enter(r, use.login)
	}
	user, _ := r.check(c)
	s.Bring(user, c.key)
}

// alone reports whether a credential of the program decides alone.
func (r *Request) alone() bool { return r.rare != nil && len(r.rare.present) > 0 }

// ignores reports whether the cookie of a session does not count, because a credential of
// the same manager decides alone.
func (r *Request) ignores(session int) bool {
	return r.alone() && slices.ContainsFunc(r.rare.present, func(p presence) bool { return p.session == session })
}

// considers reports whether an alternative counts. A credential that decides alone must be
// part of it. Beside a bearer token of a session only alternatives with a session count. An
// alternative without conditions always counts.
func (r *Request) considers(alternative []condition) bool {
	switch {
	case len(alternative) == 0:
		return true
	case r.alone():
		return slices.ContainsFunc(alternative, func(c condition) bool {
			return slices.ContainsFunc(r.rare.present, func(p presence) bool { return p.key == c.key })
		})
	case r.bearer && r.entry.bearer:
		return slices.ContainsFunc(alternative, func(c condition) bool { return c.check == nil && !c.token })
	}
	return true
}
