package gate

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// bodyWriter is the writer of net/http that a handler gets from
// [huma.Context.BodyWriter] while the headers of the response can still change. The
// session is committed, so that its headers are there; but the handler may set
// others through this writer, or through the context. Before the first byte,
// bodyWriter mends those that would let caches store the response.
type bodyWriter struct {
	w      http.ResponseWriter // nil until a handler has asked
	rules  *cacheRules
	sealed bool
}

var (
	_ http.ResponseWriter = (*bodyWriter)(nil)
	_ http.Flusher        = (*bodyWriter)(nil)
	_ http.Hijacker       = (*bodyWriter)(nil)
	_ http.Pusher         = (*bodyWriter)(nil)
	_ io.ReaderFrom       = (*bodyWriter)(nil)
	_ io.StringWriter     = (*bodyWriter)(nil)
)

// over returns the writer of a context. Most routers send the headers in
// SetStatus, as huma calls it; there it is the router's own writer.
func (b *bodyWriter) over(ctx huma.Context, rules *cacheRules) io.Writer {
	to := ctx.BodyWriter()
	w, ok := to.(http.ResponseWriter)
	if !ok || ctx.Status() != 0 && !unsent(w) {
		return to
	}
	if b.w == nil {
		b.w, b.rules = w, rules
	}
	return b
}

// unsent reports whether a router keeps the headers until the first byte, as gin
// does.
func unsent(w http.ResponseWriter) bool {
	late, ok := w.(interface{ Written() bool })
	return ok && !late.Written()
}

// seal is called before the headers go out. Headers may change again after an
// interim response (RFC 9110 § 15.2), and on routers that keep them.
func (b *bodyWriter) seal(interim bool) {
	if b.w != nil && !b.sealed {
		b.sealed = !interim && !unsent(b.w)
		b.rules.enforce(b.w.Header())
	}
}

func isInterim(status int) bool { return status < 200 && status != http.StatusSwitchingProtocols }

// seal mends headers that go out after the handler has returned.
func (r *Request) seal() {
	if r.outcome != committed || r.taken {
		return
	}
	r.body.seal(false)
	if w, ok := routersWriter(r.scope.humaContext).(http.ResponseWriter); ok && unsent(w) {
		r.rules.enforce(w.Header())
	}
}

// Header implements [http.ResponseWriter].
func (b *bodyWriter) Header() http.Header { return b.w.Header() }

// WriteHeader implements [http.ResponseWriter].
func (b *bodyWriter) WriteHeader(status int) {
	b.seal(isInterim(status))
	b.w.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (b *bodyWriter) Write(p []byte) (int, error) {
	b.seal(false)
	return b.w.Write(p)
}

// WriteString implements [io.StringWriter].
func (b *bodyWriter) WriteString(s string) (int, error) {
	b.seal(false)
	return io.WriteString(b.w, s)
}

// ReadFrom implements [io.ReaderFrom], for files that the kernel can send.
func (b *bodyWriter) ReadFrom(src io.Reader) (int64, error) {
	b.seal(false)
	return io.Copy(b.w, src)
}

// Flush implements [http.Flusher].
func (b *bodyWriter) Flush() { _ = b.FlushError() }

// FlushError is for [http.ResponseController].
func (b *bodyWriter) FlushError() error {
	b.seal(false)
	return http.NewResponseController(b.w).Flush()
}

// Hijack implements [http.Hijacker].
func (b *bodyWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	b.seal(false)
	return http.NewResponseController(b.w).Hijack()
}

// Push implements [http.Pusher].
func (b *bodyWriter) Push(target string, opts *http.PushOptions) error {
	if p, ok := b.w.(http.Pusher); ok {
		return p.Push(target, opts)
	}
	return http.ErrNotSupported
}

// SetReadDeadline is for [http.ResponseController].
func (b *bodyWriter) SetReadDeadline(deadline time.Time) error {
	return http.NewResponseController(b.w).SetReadDeadline(deadline)
}

// SetWriteDeadline is for [http.ResponseController].
func (b *bodyWriter) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(b.w).SetWriteDeadline(deadline)
}

// EnableFullDuplex is for [http.ResponseController].
func (b *bodyWriter) EnableFullDuplex() error {
	return http.NewResponseController(b.w).EnableFullDuplex()
}

// Unwrap is for [http.ResponseController]. Headers that the handler sets on the
// router's writer are not mended.
func (b *bodyWriter) Unwrap() http.ResponseWriter {
	b.seal(true)
	return b.w
}
