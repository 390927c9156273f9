package humasess

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// A request inside of [Manager.Handler] borrows the sessions of the request around
// it. That one has loaded them and commits them. A slot with a lender is a borrowed
// session: these methods leave its loading, its headers and its end to the lender.

func (s *slot) load(ctx context.Context) error {
	if s.lender != nil {
		return nil
	}
	return s.session.load(ctx)
}

// commit leaves writing to the lender, but an error response drops what is
// pending, whatever the response of the lender is.
func (s *slot) commit(status int) error {
	if s.lender == nil {
		return s.session.commit(status)
	}
	if status >= http.StatusBadRequest {
		s.session.abandon()
	}
	return nil
}

func (s *slot) undo() {
	if s.lender == nil {
		s.session.undo()
	}
}

func (s *slot) unwritten() (change, cookie bool) {
	if s.lender != nil {
		return false, false
	}
	return s.session.unwritten()
}

func (s *slot) issued() issued {
	if s.lender != nil {
		return issued{}
	}
	return s.session.issued()
}

func (s *slot) release() {
	if s.lender == nil {
		s.session.release()
	}
}

// lender returns the request of [Manager.Handler] that ctx is inside of, if it
// came with the same cookies; nil otherwise. A handler that makes requests of
// its own with its context speaks for another client.
func lender(ctx huma.Context) *request {
	outer := requestIn(ctx.Context())
	if outer == nil || outer.plain == nil {
		return nil
	}
	a, b := cookieLinesOf(outer.scope.humaContext), cookieLinesOf(ctx)
	defer a.release()
	defer b.release()
	if !a.equal(b) {
		return nil
	}
	return outer
}

// lend returns the session of a manager that r or a request around it has, for a
// request inside. Without one the slot is empty.
func (r *request) lend(m manager) slot {
	for ; r != nil; r = r.outer {
		for i := range r.sessions {
			if r.entry.sessions[i].manager == m {
				return slot{session: r.sessions[i].session, lender: r}
			}
		}
	}
	return slot{}
}

// giveBack ends the loan of sessions: their lender writes for them again.
func (r *request) giveBack() {
	for i := range r.sessions {
		if s := &r.sessions[i]; s.lender != nil {
			s.enter(s.lender, false)
		}
	}
}

// holder returns the request that has loaded the session and releases it.
func (r *request) holder(s session) *request {
	for ; r != nil; r = r.outer {
		for i := range r.sessions {
			if r.sessions[i].session == s && r.sessions[i].lender == nil {
				return r
			}
		}
	}
	return nil
}
