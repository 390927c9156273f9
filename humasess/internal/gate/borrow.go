package gate

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/cookies"
)

// A request inside of [Handler] borrows the sessions of the request around it. The
// outer request has loaded them and commits them. A slot with a lender is a borrowed
// session. These methods leave its loading, its headers and its end to the lender.

func (s *slot) Load(ctx context.Context) error {
	if s.lender != nil {
		return nil
	}
	return s.Session.Load(ctx)
}

// Commit leaves writing to the lender. An error response drops the pending changes,
// also when the response of the lender is not an error.
func (s *slot) Commit(status int) error {
	if s.lender == nil {
		return s.Session.Commit(status)
	}
	if status >= http.StatusBadRequest {
		s.Session.Abandon()
	}
	return nil
}

func (s *slot) Undo() {
	if s.lender == nil {
		s.Session.Undo()
	}
}

func (s *slot) Unwritten() (change, cookie bool) {
	if s.lender != nil {
		return false, false
	}
	return s.Session.Unwritten()
}

func (s *slot) Issued() Issued {
	if s.lender != nil {
		return Issued{}
	}
	return s.Session.Issued()
}

func (s *slot) Release() {
	if s.lender == nil {
		s.Session.Release()
	}
}

// lender returns the request of [Handler] that ctx is inside of, if both have the
// same cookies, and nil otherwise. A handler may make requests for another client
// with its own context.
func lender(ctx huma.Context) *Request {
	outer := RequestIn(ctx.Context())
	if outer == nil || outer.plain == nil {
		return nil
	}
	if !cookies.Same(outer.scope.humaContext, ctx) {
		return nil
	}
	return outer
}

// lend returns the session of a manager that r or a request around it has, for a
// request inside. Without one the slot is empty.
func (r *Request) lend(m Manager) slot {
	for ; r != nil; r = r.outer {
		for i := range r.sessions {
			if r.entry.sessions[i].manager == m {
				return slot{Session: r.sessions[i].Session, lender: r}
			}
		}
	}
	return slot{}
}

// giveBack ends the loan of sessions: their lender writes for them again.
func (r *Request) giveBack() {
	for i := range r.sessions {
		if s := &r.sessions[i]; s.lender != nil {
			s.Enter(s.lender, false)
		}
	}
}

// Holder returns the request that has loaded the session and releases it.
func (r *Request) Holder(s Session) *Request {
	for ; r != nil; r = r.outer {
		for i := range r.sessions {
			if r.sessions[i].Session == s && r.sessions[i].lender == nil {
				return r
			}
		}
	}
	return nil
}
