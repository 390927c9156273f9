package gate

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
)

// humaContext lets a struct embed the interface and implement it, although
// one of its methods is called Context.
type humaContext huma.Context

// scope is the huma.Context that handlers and later middleware see. It is also a
// context.Context, so that both cost one allocation.
//
// Adapters send headers inside SetStatus; a commit must come before that.
type scope struct {
	humaContext
	r *Request
}

// derivedScope is a scope with a context of middleware.
type derivedScope struct {
	scope
	ctx context.Context // the result of Context
}

// scopeContext is a scope or a derivedScope.
type scopeContext interface {
	huma.Context
	WithContext(context.Context) huma.Context
	Unwrap() huma.Context
	base() *scope
}

var (
	_ scopeContext    = (*scope)(nil)
	_ scopeContext    = (*derivedScope)(nil)
	_ context.Context = (*scope)(nil)
)

func (s *scope) base() *scope { return s }

// RequestIn returns the request that ctx belongs to, or nil.
func RequestIn(ctx context.Context) *Request {
	r, _ := ctx.Value(scopeKey{}).(*Request)
	return r
}

// RequestOf finds the request behind a huma.Context that later middlewares
// may have wrapped, or nil.
func RequestOf(ctx huma.Context) *Request {
	for c := ctx; c != nil; {
		switch w := c.(type) {
		case *scope:
			return w.r
		case *derivedScope:
			return w.r
		case *streamScope:
			return w.base().r
		case interface{ Unwrap() huma.Context }:
			c = w.Unwrap()
		default:
			c = nil
		}
	}
	return RequestIn(ctx.Context())
}

// hostOf returns the host with its port, which the check compares with the origin.
// huma's adapter for fiber v3 omits the port, and net/http has no Host among the
// headers. hostOf does not change a host that a trusted proxy has forwarded.
//
// Requests of autopatch have the headers of the client's PATCH and no host. For them,
// hostOf returns the host of the outer request, if their context leads to it.
func hostOf(ctx huma.Context) string {
	host, sent := ctx.Host(), ctx.Header("Host")
	if len(sent) > len(host) && sent[:len(host)] == host && sent[len(host)] == ':' {
		return sent
	}
	if outer := RequestIn(ctx.Context()); outer != nil && host == "" {
		return hostOf(outer.Incoming())
	}
	return host
}

// Unwrap returns the context that the gate was called with. It gives access to the
// router's writer, so Unwrap first adds the session's headers to the response.
func (s *scope) Unwrap() huma.Context {
	s.r.reply().handOut(s.humaContext)
	return s.humaContext
}

// Context returns the request's context, below which humasess.From finds sessions. huma
// asks for it when it calls the handler.
func (s *scope) Context() context.Context {
	s.r.reach()
	return s
}

// Context returns the context of the middleware.
func (s *derivedScope) Context() context.Context {
	s.r.reach()
	return s.ctx
}

// WithContext is called by huma.WithContext and huma.WithValue.
func (s *scope) WithContext(ctx context.Context) huma.Context {
	return wrapScope(&derivedScope{scope{huma.WithContext(s.humaContext, ctx), s.r}, ctx})
}

// Deadline, Done, Err and Value make the scope a context.Context.
func (s *scope) Deadline() (time.Time, bool) { return s.r.parent.Deadline() }

// Done implements [context.Context].
func (s *scope) Done() <-chan struct{} { return s.r.parent.Done() }

// Err implements [context.Context].
func (s *scope) Err() error { return s.r.parent.Err() }

// Value implements [context.Context].
func (s *scope) Value(key any) any {
	if _, ok := key.(scopeKey); ok {
		return s.r
	}
	return s.r.parent.Value(key)
}

// Header hides our markers from clients; see binding.
func (s *scope) Header(name string) string {
	if strings.HasPrefix(name, markerPrefix) {
		return markerOf(s.r, name)
	}
	return s.humaContext.Header(name)
}

// SetStatus commits, unless the status announces another one (RFC 9110 § 15.2).
func (s *scope) SetStatus(code int) {
	if response.IsInterim(code) {
		s.r.reply().interim(s.humaContext)
	} else if !s.r.reply().begin(s.humaContext, code) {
		return
	}
	s.r.body().Seal(response.IsInterim(code))
	s.humaContext.SetStatus(code)
}

// BodyWriter commits before the first byte. Until then, the handler may set
// headers through a writer of net/http; see bodyWriter.
func (s *scope) BodyWriter() io.Writer {
	status := s.Status()
	if status == 0 {
		status = 200
	}
	if !s.r.reply().begin(s.humaContext, status) {
		return io.Discard
	}
	return s.r.reply().writer(s.humaContext)
}

// SetHeader holds the header until the commit.
func (s *scope) SetHeader(name, value string) {
	s.r.reply().header(s.humaContext, response.Header{Name: name, Value: value})
}

// AppendHeader holds the header until the commit.
func (s *scope) AppendHeader(name, value string) {
	s.r.reply().header(s.humaContext, response.Header{Name: name, Value: value, Add: true})
}

// streamScope is a scope on adapters that stream after the handler returns.
// huma looks for the method StreamBody, so no other context may have it.
type streamScope struct{ scopeContext }

// StreamBody commits and hands the stream to the adapter.
func (s *streamScope) StreamBody(write func(io.Writer)) {
	r, ctx := s.base().r, s.base().humaContext
	if r.reply().begin(ctx, 200) {
		r.taken = true
		ctx.(response.BodyStreamer).StreamBody(func(w io.Writer) {
			defer r.unwatch()
			write(w)
		})
	}
}

func wrapScope(s scopeContext) huma.Context {
	if _, ok := s.base().humaContext.(response.BodyStreamer); ok {
		return &streamScope{s}
	}
	return s
}

// guardScope is the context that a guard gets.
type guardScope struct {
	*scope
	slot *slot // of the session that the guard judges
}

var errGuardReadsBody = errors.New("humasess: a guard must not read the body, because the operation has not read it yet")

// Context returns a context in which humasess.From finds only the session that the guard
// judges, as it is now. A guard may run while the session is being written.
func (g *guardScope) Context() context.Context { return guardContext{g.scope, g} }

// WithContext is called by huma.WithContext and huma.WithValue. The result has the limits
// of a guard, too.
func (g *guardScope) WithContext(ctx context.Context) huma.Context {
	return &derivedGuardScope{guardScope{&scope{huma.WithContext(g.humaContext, ctx), g.r}, g.slot}, ctx}
}

// derivedGuardScope is a guardScope with a context of the guard.
type derivedGuardScope struct {
	guardScope
	ctx context.Context // the result of Context
}

// Context returns the context of the guard.
func (g *derivedGuardScope) Context() context.Context { return g.ctx }

// guardContext is the context of a guardScope.
type guardContext struct {
	context.Context
	guard *guardScope
}

// Value implements [context.Context].
func (c guardContext) Value(key any) any {
	if _, ok := key.(scopeKey); ok {
		return c.guard
	}
	return c.Context.Value(key)
}

// JudgedIn returns the session that a guard judges, if ctx is that of a guard. If the guard
// is asked again, it is the one that was given to [Request.Recheck].
func JudgedIn(ctx context.Context) Session {
	if g, ok := ctx.Value(scopeKey{}).(*guardScope); ok {
		return g.slot.Session
	}
	return nil
}

// Unwrap returns the context that the gate was called with. A guard may read the
// request by way of it, also while the session is being written.
func (g *guardScope) Unwrap() huma.Context { return g.humaContext }

// BodyReader returns a reader whose Read fails.
func (g *guardScope) BodyReader() io.Reader { return refusedBody{} }

// GetMultipartForm fails.
func (g *guardScope) GetMultipartForm() (*multipart.Form, error) { return nil, errGuardReadsBody }

type refusedBody struct{}

func (refusedBody) Read([]byte) (int, error) { return 0, errGuardReadsBody }
