package report

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// A store that is down fails every request, and a client may repeat a request that is
// refused with a warning. Each would be a line in the log, as fast as requests come. So a
// line is written at once only if there was no line of its kind in the second before. The
// others are counted, and one line has their number when the second is over.

// window is the least time between two lines of one kind.
const window = time.Second

// line is a line of the log.
type line struct {
	level slog.Level
	text  string
	attrs []slog.Attr
	err   error
	count string // the attribute for the number of lines that this one stands for
}

// kind is the kind of a line, of which the log has at most one in a window.
type kind struct{ of, reason, session string }

// Attributes of the session, which a line for several sessions does not have.
const (
	keySession  = "session"
	keyIdentity = "identity"
)

// counted are the lines of one kind since its last one in the log.
type counted struct {
	from time.Time // of that one
	n    int
	last line
}

// limiter counts lines. Its methods are safe for concurrent use.
type limiter struct {
	mu   sync.Mutex
	open map[kind]*counted
}

// limited writes a line at once, or counts it for the line at the end of the window.
func (r *Reporter) limited(ctx context.Context, k kind, l line) {
	now := time.Now()
	r.lines.mu.Lock()
	c := r.lines.open[k]
	if c == nil {
		r.begin(k, now)
		r.lines.mu.Unlock()
		r.write(ctx, l, 0)
		return
	}
	if l.err != nil { // it may have memory of the request, which the router reuses
		l.attrs, l.err = append(l.attrs, slog.String("error", l.err.Error())), nil
	}
	if c.n++; c.n > 1 && k.session == "" {
		l.attrs = slices.DeleteFunc(l.attrs, func(a slog.Attr) bool { return a.Key == keySession || a.Key == keyIdentity })
	}
	c.last = l
	r.lines.mu.Unlock()
	if since := now.Sub(c.from); since < 0 || since >= 2*window {
		r.flush(k, c) // the timer is late, or one of another clock
	}
}

// begin opens a window. The caller holds the lock. The timer is never stopped: it does
// nothing if its window is over.
func (r *Reporter) begin(k kind, now time.Time) {
	if r.lines.open == nil {
		r.lines.open = map[kind]*counted{}
	}
	c := &counted{from: now}
	r.lines.open[k] = c
	time.AfterFunc(window, func() { r.flush(k, c) })
}

// flush ends a window. If it has counted lines, it writes one, and another window begins.
func (r *Reporter) flush(k kind, c *counted) {
	r.lines.mu.Lock()
	if r.lines.open[k] != c {
		r.lines.mu.Unlock()
		return
	}
	delete(r.lines.open, k)
	if c.n > 0 {
		r.begin(k, time.Now())
	}
	r.lines.mu.Unlock()
	r.write(context.Background(), c.last, c.n)
}

// Close writes the lines that were counted and are not in the log yet.
func (r *Reporter) Close() {
	r.lines.mu.Lock()
	open := r.lines.open
	r.lines.open = nil
	r.lines.mu.Unlock()
	for _, c := range open {
		r.write(context.Background(), c.last, c.n)
	}
}

// write writes a line, which stands for n of them unless n is 0.
func (r *Reporter) write(ctx context.Context, l line, n int) {
	if l.text == "" {
		return // nothing was counted
	}
	if n > 0 {
		l.attrs = append(l.attrs, slog.Int(l.count, n))
	}
	if l.err != nil {
		l.attrs = append(l.attrs, slog.Any("error", l.err))
	}
	r.Logger.LogAttrs(ctx, l.level, l.text, l.attrs...)
}
