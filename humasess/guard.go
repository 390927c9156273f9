package humasess

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// guardScope is what a guard sees of a request.
type guardScope struct{ *scope }

var errGuardReadsBody = errors.New("humasess: a guard must not read the body: the operation has not read it yet")

// Context returns a context in which [From] finds nothing: a guard is asked
// about the data that it is given, also while the session is being written.
func (g *guardScope) Context() context.Context { return outside(&g.r.scope) }

// Unwrap returns the context that the gate was called with. A guard may read the
// request by way of it, also while the session is being written.
func (g *guardScope) Unwrap() huma.Context { return g.humaContext }

// BodyReader fails when it is read.
func (g *guardScope) BodyReader() io.Reader { return refusedBody{} }

// GetMultipartForm fails.
func (g *guardScope) GetMultipartForm() (*multipart.Form, error) { return nil, errGuardReadsBody }

type refusedBody struct{}

func (refusedBody) Read([]byte) (int, error) { return 0, errGuardReadsBody }

// passes asks a declared guard, and answers when it refuses. An error that is
// no answer of its own fails closed.
func (r *request) passes(d *policy.Declaration) bool {
	use, s := r.declared(d)
	if d.Fresh > 0 && !s.fresh(d.Fresh) || len(d.Methods) > 0 && !s.provenBy(d.Methods, d.Fresh) {
		r.refuse(answerReauth)
		return false
	}
	if d.Guard == nil {
		return true
	}
	err := s.check(&guardScope{&r.scope}, d.Guard)
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
		use.manager.refused(r.parent, r.entry.op, ReasonGuardError, err)
		r.refuse(answerForbidden)
	}
	return false
}

// headersAround are those of huma.ErrorWithHeaders, which wraps the model.
func headersAround(err error, model huma.StatusError) http.Header {
	var h huma.HeadersError
	if _, own := model.(huma.HeadersError); own || !errors.As(err, &h) {
		return nil
	}
	return h.GetHeaders()
}

// declared returns the session that a declaration is about.
func (r *request) declared(d *policy.Declaration) (*sessionUse, session) {
	for i := range r.entry.sessions {
		if use := &r.entry.sessions[i]; use.binding != nil && use.binding.typ == d.Type {
			return use, r.session(i)
		}
	}
	panic("humasess: declaration of " + d.Type.String() + " without a session")
}

// recheck asks the guards of one session again.
func (r *request) recheck(s session, check func(ctx huma.Context, guard any) error) error {
	for i := range r.entry.policy.Declarations {
		d := &r.entry.policy.Declarations[i]
		if d.Kind != policy.Guarded || d.Guard == nil {
			continue
		}
		if _, of := r.declared(d); unlent(of) != s {
			continue
		}
		if err := check(&guardScope{&r.scope}, d.Guard); err != nil {
			return err
		}
	}
	return nil
}
