package gate

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/humasess/sessions/humasess/internal/response"
)

// plainWriter commits before the first byte of a plain handler's response.
type plainWriter struct {
	r *Request
	served
}

var (
	_ http.ResponseWriter = (*plainWriter)(nil)
	_ http.Flusher        = (*plainWriter)(nil)
	_ http.Hijacker       = (*plainWriter)(nil)
	_ io.ReaderFrom       = (*plainWriter)(nil)
)

// Header implements [http.ResponseWriter].
func (p *plainWriter) Header() http.Header { return p.w.Header() }

// WriteHeader implements [http.ResponseWriter].
func (p *plainWriter) WriteHeader(status int) {
	if response.IsInterim(status) || p.begin(status) {
		p.w.WriteHeader(status)
	}
}

// Write implements [http.ResponseWriter].
func (p *plainWriter) Write(b []byte) (int, error) {
	if !p.begin(http.StatusOK) {
		return len(b), nil
	}
	return p.w.Write(b)
}

// ReadFrom implements [io.ReaderFrom], for files that the kernel can send.
func (p *plainWriter) ReadFrom(src io.Reader) (int64, error) {
	if !p.begin(http.StatusOK) {
		return io.Copy(io.Discard, src)
	}
	return io.Copy(p.w, src)
}

// Flush implements [http.Flusher].
func (p *plainWriter) Flush() { _ = p.FlushError() }

// FlushError is for [http.ResponseController].
func (p *plainWriter) FlushError() error {
	if !p.begin(http.StatusOK) {
		return nil
	}
	return http.NewResponseController(p.w).Flush()
}

// Hijack implements [http.Hijacker]. The session is written before the
// handler gets the connection; a new cookie must be among the headers that the
// handler writes there. Where no connection can be hijacked, as with HTTP/2, the
// response is left to the handler.
func (p *plainWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !hijackable(p.w) {
		return nil, nil, http.ErrNotSupported
	}
	if !p.begin(http.StatusSwitchingProtocols) {
		return nil, nil, Fail(ErrUnavailable, nil)
	}
	conn, rw, err := http.NewResponseController(p.w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	p.r.taken = true
	return &hijacked{conn, p.r}, rw, nil
}

// hijacked is a connection whose end is the end of its request, for the channels of
// Session.Done.
type hijacked struct {
	net.Conn
	r *Request
}

// Close implements [net.Conn].
func (h *hijacked) Close() error {
	h.r.unwatch()
	return h.Conn.Close()
}

// hijackable looks for a writer that hijacks where [http.ResponseController]
// does.
func hijackable(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case *plainWriter:
			w = t.w
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// SetReadDeadline, SetWriteDeadline and EnableFullDuplex are for
// [http.ResponseController]. They are here because Unwrap may commit.
func (p *plainWriter) SetReadDeadline(deadline time.Time) error {
	return http.NewResponseController(p.w).SetReadDeadline(deadline)
}

// SetWriteDeadline is for [http.ResponseController].
func (p *plainWriter) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(p.w).SetWriteDeadline(deadline)
}

// EnableFullDuplex is for [http.ResponseController].
func (p *plainWriter) EnableFullDuplex() error {
	return http.NewResponseController(p.w).EnableFullDuplex()
}

// Unwrap returns the writer that the handler's response goes to. The session's
// headers must be in the response before.
func (p *plainWriter) Unwrap() http.ResponseWriter {
	p.r.reply().handOut(p.r.scope.humaContext)
	if p.r.outcome == failed {
		return discarded{}
	}
	return p.w
}

// discarded is the writer of a handler's response that the gate has replaced.
type discarded struct{}

var _ http.ResponseWriter = discarded{}

// Header implements [http.ResponseWriter].
func (discarded) Header() http.Header { return http.Header{} }

// Write implements [http.ResponseWriter].
func (discarded) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements [http.ResponseWriter].
func (discarded) WriteHeader(int) {}

func (p *plainWriter) begin(status int) bool {
	return p.r.reply().begin(p.r.scope.humaContext, status)
}
