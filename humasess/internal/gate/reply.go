package gate

import (
	"io"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/humasess/internal/response"
)

// fieldToken is the response header with a new bearer token that the program did not ask
// for.
const fieldToken = "Session-Token"

// reply is the response to one request. It holds the handler's headers until the
// sessions are written, and then adds those of the sessions. It replaces the response
// if the request is refused, or if a session cannot be written.
type reply struct{ *Request }

func (r *Request) reply() reply { return reply{r} }

// served is the response of the server around [Handler].
type served struct {
	w      http.ResponseWriter
	before http.Header   // as the handler found it
	inner  *http.Request // of the handler; a router may have noted the route
}

// outcome is the result of the commit.
type outcome uint8

const (
	undecided outcome = iota
	committed
	failed // the gate has written the answer; the handler's is discarded
)

// header holds a header until the commit.
func (p reply) header(ctx huma.Context, h response.Header) {
	switch p.outcome {
	case undecided:
		if h.Value != challenge || !response.SameName(h.Name, fieldChallenge) {
			p.held.Hold(h)
			return
		}
		for _, value := range p.challenges() {
			p.held.Hold(response.Header{Name: fieldChallenge, Value: value, Add: h.Add})
			h.Add = true
		}
	case failed:
	case committed:
		rules := p.rules()
		rules.Send(ctx, h)
	}
}

// interim releases headers for a response that announces another one. A
// commit that fails later cannot take them back.
func (p reply) interim(ctx huma.Context) {
	if p.outcome != undecided {
		return
	}
	p.held.Each(func(h response.Header) { h.Send(ctx) })
	p.held.Reset()
}

// begin is called before the first byte of a response. It commits the sessions, and
// reports whether the handler's response may go out.
func (p reply) begin(ctx huma.Context, status int) bool {
	if p.outcome != undecided {
		return p.outcome == committed
	}
	if p.misbound || p.entry.proof.misbound.Load() {
		p.undo()
		p.refuseWith(huma.NewErrorWithContext(&p.scope, http.StatusInternalServerError, misbound(p.entry.op)), nil)
		return false
	}
	if err := p.commit(status); err != nil {
		p.refuseFor(err)
		return false
	}
	p.outcome = committed
	p.release(ctx)
	return true
}

// release sends the headers of the handler and of the sessions.
func (p reply) release(ctx huma.Context) {
	p.holdPlain()
	cookie, private := p.is(secret), p.proved
	for i, s := range p.sessions() {
		if s.borrowed {
			private = private || s.Active()
			continue
		}
		of := s.Issued()
		private = private || of.Active
		if of.Cookie != "" {
			// After the handler's own, which may replace earlier cookies. The present
			// cookie comes last: to clients of RFC 6265 § 5.3 a cookie of the host is
			// the same as one whose Domain is that host.
			for _, expired := range of.Former {
				p.held.Hold(response.Header{Name: "Set-Cookie", Value: expired, Add: true})
			}
			p.held.Hold(response.Header{Name: "Set-Cookie", Value: of.Cookie, Add: true})
			p.entry.sessions[i].manager.Log().cookieSet(p.parent, p.OperationName(), cookieRequest(ctx))
			cookie = true
		}
		if of.Token != "" {
			p.held.Hold(response.Header{Name: fieldToken, Value: of.Token})
		}
		cookie = cookie || of.Secret || of.Token != ""
		if of.CSRFName != "" {
			p.held.Hold(response.Header{Name: of.CSRFName, Value: of.CSRFValue})
		}
		if of.ClearSiteData != "" {
			p.held.Hold(response.Header{Name: "Clear-Site-Data", Value: of.ClearSiteData, Add: true})
		}
	}
	rules := p.rulesFor(private, cookie)
	p.private, p.cookie = rules.Private, rules.Cookie
	var to http.Header
	if w, ok := response.RouterWriter(ctx).(http.ResponseWriter); ok {
		to, p.late = w.Header(), response.SendsLate(w)
	}
	p.held.Release(ctx, to, rules, p.exposed && p.plain == nil)
}

// cookieRequest returns the parts of a request that decide about a cookie.
func cookieRequest(ctx huma.Context) cookies.Request {
	return cookies.Request{
		Host:         hostOf(ctx),
		Origin:       ctx.Header("Origin"),
		SecFetchSite: ctx.Header("Sec-Fetch-Site"),
		SecFetchMode: ctx.Header("Sec-Fetch-Mode"),
		SecFetchDest: ctx.Header("Sec-Fetch-Dest"),

		SecFetchStorageAccess: ctx.Header("Sec-Fetch-Storage-Access"),
	}
}

// holdPlain takes the headers that the commit merges with those of the session out of
// the handler's.
func (p reply) holdPlain() {
	if p.plain == nil {
		return
	}
	h := p.plain.w.Header()
	for name, lines := range h {
		if !response.SameName(name, "Vary") && !response.IsCacheField(name) {
			continue
		}
		for _, line := range lines {
			p.held.Hold(response.Header{Name: name, Value: line, Add: true})
		}
		delete(h, name)
	}
}

// rules returns the rules of the response that was committed.
func (p reply) rules() response.Rules {
	return response.Rules{Vary: p.entry.vary, Line: p.entry.varyLine, Private: p.private, Cookie: p.cookie}
}

// writer returns the writer of the body after the commit.
func (p reply) writer(ctx huma.Context) io.Writer {
	w, changeable := response.WriterOf(ctx, p.late)
	if changeable == nil {
		return w
	}
	if p.body() == nil {
		p.ownRare().body = response.NewBody(changeable, p.rules())
	}
	return p.body()
}

// rulesNow returns the rules of a response that begins now and sets no cookie.
func (p reply) rulesNow() response.Rules {
	private := p.proved
	for _, s := range p.sessions() {
		private = private || s.Active()
	}
	return p.rulesFor(private, false)
}

// rulesFor returns the rules of a response. private says whether it has a user, and
// cookie whether it sets a cookie of a session.
func (p reply) rulesFor(private, cookie bool) response.Rules {
	private = private || cookie
	if !private && p.admitted {
		// An optional scheme of the program is not checked, so the handler may check
		// the client's credential itself.
		for _, name := range p.entry.vary {
			private = private || name != fieldCookie && p.scope.humaContext.Header(name) != ""
		}
	}
	return response.Rules{Vary: p.entry.vary, Line: p.entry.varyLine, Private: private, Cookie: cookie}
}

// finish is called when the handler has returned. It commits if the response has not
// begun, as after a stream that wrote nothing, a middleware that answers nothing, or a
// handler that has written without the gate. Otherwise it mends headers that go out
// later.
func (p reply) finish() {
	ctx := p.scope.humaContext
	switch {
	case p.outcome == undecided:
		if p.exposed {
			p.dropUnsent()
		}
		p.begin(ctx, http.StatusOK)
	case p.outcome == committed && !p.taken && p.plain == nil:
		p.body().Seal(false)
		if !p.late {
			return
		}
		if w, ok := response.RouterWriter(ctx).(http.ResponseWriter); ok && response.Unsent(w) {
			rules := p.rules()
			rules.Enforce(w.Header())
		}
	}
}

// handOut prepares the response for a handler that takes the router's own context or
// writer, for example by humago.Unwrap. The handler may then write without the gate.
//
// The response gets the headers of the session. handOut commits a pending change,
// because later its cookie could not be added to these headers.
func (p reply) handOut(ctx huma.Context) {
	if p.outcome != undecided {
		return
	}
	if p.unwritten() {
		p.begin(ctx, http.StatusOK)
		return
	}
	rules := p.rulesNow()
	if !p.exposed || p.plain != nil {
		rules.Complete(ctx)
	}
	p.exposed = true
	if !rules.Private {
		return
	}
	response.Scrub(ctx, false)
	if h := response.StandardHeader(ctx); p.plain == nil || len(h["Cache-Control"]) == 0 {
		ctx.SetHeader("Cache-Control", "no-store")
	}
}

// refuse writes the answer instead of the handler. It writes nothing to a store and
// sets no cookie.
func (p reply) refuse(a answer) { p.refuseWith(a.model(&p.scope), a.headers()) }

// refuseFor is refuse with the answer that belongs to an error.
func (p reply) refuseFor(err error) {
	if p.entry.page != nil {
		p.ownRare().cause = err
	}
	p.refuse(answerTo(err))
}

// refuseWith is refuse with a model, which has its own headers, and further headers.
func (p reply) refuseWith(model huma.StatusError, headers http.Header) {
	if !p.admitted {
		p.refuseSessions()
	}
	p.outcome = failed
	if p.plain != nil {
		h := p.plain.w.Header()
		clear(h)
		maps.Copy(h, p.plain.before)
	}
	ctx := p.scope.humaContext
	p.held.Reset()
	p.held.Release(ctx, response.StandardHeader(ctx), p.rulesNow(), p.exposed && p.plain == nil)
	p.writeRefusal(model, headers)
}

// writeRefusal answers with an error model and further headers. It adds the headers
// that a 401 and a 503 need, unless the model or the further headers have them.
func (p reply) writeRefusal(model huma.StatusError, headers http.Header) {
	ctx := p.scope.humaContext
	var own http.Header
	if h, ok := model.(huma.HeadersError); ok {
		own = h.GetHeaders()
	}
	needed := func(name, value string) {
		if !names(headers, name) && !names(own, name) {
			headers = withHeader(headers, name, value)
		}
	}
	switch model.GetStatus() {
	case http.StatusUnauthorized:
		needed(fieldChallenge, challenge)
	case http.StatusServiceUnavailable:
		needed("Retry-After", answerUnavailable.Retry)
	}
	for name, values := range headers {
		for _, v := range values {
			if v == challenge && response.SameName(name, fieldChallenge) {
				for _, value := range p.challenges() {
					ctx.AppendHeader(fieldChallenge, value)
				}
				continue
			}
			ctx.AppendHeader(name, v)
		}
	}
	var cause error
	if p.rare != nil {
		cause = p.rare.cause
	}
	p.entry.write(ctx, model, cause)
}

// challenges names the schemes that would help the client. One with a token learns that
// its token does not work (RFC 6750 § 3.1).
func (p reply) challenges() []string {
	var all []string
	if p.entry.asks {
		all = append(all, challenge)
	}
	if p.entry.bearer {
		bearer := `Bearer realm="session"` //nolint:gosec // a challenge
		if p.Bearer() {
			bearer += `, error="invalid_token"` //nolint:gosec // a challenge
		}
		all = append(all, bearer)
	}
	if p.entry.challenges == nil {
		return all
	}
	for _, name := range p.entry.challenges() {
		if name != "Bearer" || !p.entry.bearer {
			all = append(all, name)
		}
	}
	return all
}
