package response

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Body is the writer of net/http that a handler gets from
// [huma.Context.BodyWriter] while the headers of the response can still change. The
// session is committed, so that its headers are there; but the handler may set
// others through this writer, or through the context. Before the first byte, Body
// mends those that would let caches store the response.
type Body struct {
	w      http.ResponseWriter
	rules  Rules
	sealed bool
}

var (
	_ http.ResponseWriter = (*Body)(nil)
	_ http.Flusher        = (*Body)(nil)
	_ http.Hijacker       = (*Body)(nil)
	_ http.Pusher         = (*Body)(nil)
	_ io.ReaderFrom       = (*Body)(nil)
	_ io.StringWriter     = (*Body)(nil)
)

// NewBody returns the Body over a router's writer.
func NewBody(w http.ResponseWriter, rules Rules) *Body { return &Body{w: w, rules: rules} }

// WriterOf returns the writer of a context, and once more as changeable if the headers
// can still change. Most routers send the headers in SetStatus, as huma calls it. late
// is the result of [SendsLate].
func WriterOf(ctx huma.Context, late bool) (w io.Writer, changeable http.ResponseWriter) {
	w = ctx.BodyWriter()
	if !late && ctx.Status() != 0 {
		return w, nil
	}
	to, ok := w.(http.ResponseWriter)
	if !ok || ctx.Status() != 0 && !Unsent(to) {
		return w, nil
	}
	return w, to
}

// lateWriter is a writer that tells whether the headers are sent.
type lateWriter interface{ Written() bool }

// SendsLate reports whether a router keeps the headers until the first byte, as gin
// does.
func SendsLate(w http.ResponseWriter) bool {
	_, ok := w.(lateWriter)
	return ok
}

// Unsent reports whether a router that [SendsLate] has not sent the headers.
func Unsent(w http.ResponseWriter) bool {
	late, ok := w.(lateWriter)
	return ok && !late.Written()
}

// Seal is called before the headers go out. Headers may change again after an
// interim response (RFC 9110 § 15.2), and on routers that keep them.
func (b *Body) Seal(interim bool) {
	if b != nil && !b.sealed {
		b.sealed = !interim && !Unsent(b.w)
		b.rules.Enforce(b.w.Header())
	}
}

// IsInterim reports whether a status announces another response (RFC 9110 § 15.2).
func IsInterim(status int) bool { return status < 200 && status != http.StatusSwitchingProtocols }

// Header implements [http.ResponseWriter].
func (b *Body) Header() http.Header { return b.w.Header() }

// WriteHeader implements [http.ResponseWriter].
func (b *Body) WriteHeader(status int) {
	b.Seal(IsInterim(status))
	b.w.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (b *Body) Write(p []byte) (int, error) {
	b.Seal(false)
	return b.w.Write(p)
}

// WriteString implements [io.StringWriter].
func (b *Body) WriteString(s string) (int, error) {
	b.Seal(false)
	return io.WriteString(b.w, s)
}

// ReadFrom implements [io.ReaderFrom], for files that the kernel can send.
func (b *Body) ReadFrom(src io.Reader) (int64, error) {
	b.Seal(false)
	return io.Copy(b.w, src)
}

// Flush implements [http.Flusher].
func (b *Body) Flush() { _ = b.FlushError() }

// FlushError is for [http.ResponseController].
func (b *Body) FlushError() error {
	b.Seal(false)
	return http.NewResponseController(b.w).Flush()
}

// Hijack implements [http.Hijacker].
func (b *Body) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	b.Seal(false)
	return http.NewResponseController(b.w).Hijack()
}

// Push implements [http.Pusher].
func (b *Body) Push(target string, opts *http.PushOptions) error {
	if p, ok := b.w.(http.Pusher); ok {
		return p.Push(target, opts)
	}
	return http.ErrNotSupported
}

// SetReadDeadline is for [http.ResponseController].
func (b *Body) SetReadDeadline(deadline time.Time) error {
	return http.NewResponseController(b.w).SetReadDeadline(deadline)
}

// SetWriteDeadline is for [http.ResponseController].
func (b *Body) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(b.w).SetWriteDeadline(deadline)
}

// EnableFullDuplex is for [http.ResponseController].
func (b *Body) EnableFullDuplex() error {
	return http.NewResponseController(b.w).EnableFullDuplex()
}

// Unwrap is for [http.ResponseController]. Headers that the handler sets on the
// router's writer are not mended.
func (b *Body) Unwrap() http.ResponseWriter {
	b.Seal(true)
	return b.w
}
