package gate

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// guardScope is the context that a guard gets.
type guardScope struct{ *scope }

var errGuardReadsBody = errors.New("humasess: a guard must not read the body, because the operation has not read it yet")

// Context returns a context in which [From] finds nothing. A guard must use the data
// that it receives, because it may run while the session is being written.
func (g *guardScope) Context() context.Context { return Outside(&g.r.scope) }

// Unwrap returns the context that the gate was called with. A guard may read the
// request by way of it, also while the session is being written.
func (g *guardScope) Unwrap() huma.Context { return g.humaContext }

// BodyReader returns a reader whose Read fails.
func (g *guardScope) BodyReader() io.Reader { return refusedBody{} }

// GetMultipartForm fails.
func (g *guardScope) GetMultipartForm() (*multipart.Form, error) { return nil, errGuardReadsBody }

type refusedBody struct{}

func (refusedBody) Read([]byte) (int, error) { return 0, errGuardReadsBody }

// passes calls a declared guard, and writes the answer if the guard refuses. It fails
// closed, so an error without a status is a 403.
func (r *Request) passes(d *policy.Declaration) bool {
	use, s := r.declared(d)
	if !s.Proven(d.Methods, d.Fresh) {
		r.refuse(answerReauth)
		return false
	}
	if d.Guard == nil {
		return true
	}
	err := s.Check(&guardScope{&r.scope}, d.Guard)
	if err == nil {
		return true
	}
	var model huma.StatusError
	switch {
	case errors.As(err, &model):
		r.refuseWith(model, headersAround(err, model))
	case isContextError(err):
		r.refuse(answerUnavailable)
	default:
		use.manager.GuardFailed(r.parent, r.entry.op, err)
		r.refuse(answerForbidden)
	}
	return false
}

// headersAround returns the headers of huma.ErrorWithHeaders, which wraps the model.
func headersAround(err error, model huma.StatusError) http.Header {
	var h huma.HeadersError
	if _, own := model.(huma.HeadersError); own || !errors.As(err, &h) {
		return nil
	}
	return h.GetHeaders()
}

// declared returns the session that a declaration refers to.
func (r *Request) declared(d *policy.Declaration) (*sessionUse, Session) {
	for i := range r.entry.sessions {
		if use := &r.entry.sessions[i]; use.binding != nil && use.binding.typ == d.Type {
			return use, r.sessions[i].Session
		}
	}
	panic("humasess: declaration of " + d.Type.String() + " without a session")
}

// Recheck calls the guards of one session again.
func (r *Request) Recheck(s Session, check func(ctx huma.Context, guard any) error) error {
	for i := range r.entry.policy.Declarations {
		d := &r.entry.policy.Declarations[i]
		if d.Kind != policy.Guarded || d.Guard == nil {
			continue
		}
		if _, of := r.declared(d); of != s {
			continue
		}
		if err := check(&guardScope{&r.scope}, d.Guard); err != nil {
			return err
		}
	}
	return nil
}
