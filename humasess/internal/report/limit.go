package report

import (
	"context"
	"fmt"
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
	keySession  = "session_id"
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

// add writes a line at once, or counts it for the line at the end of the window.
func (all *limiter) add(ctx context.Context, to *slog.Logger, k kind, l line) {
	now, text := time.Now(), ""
	if l.err != nil {
		text = fmt.Sprint(l.err) // without the lock, because it calls a method of the program, which may panic
	}
	all.mu.Lock()
	c := all.open[k]
	if c == nil {
		all.begin(to, k, now)
		all.mu.Unlock()
		l.write(ctx, to, 0)
		return
	}
	if l.err != nil { // it may have memory of the request, which the router reuses
		l.attrs, l.err = append(l.attrs, slog.String("error", text)), nil
	}
	if c.n++; c.n > 1 && k.session == "" {
		l.attrs = slices.DeleteFunc(l.attrs, func(a slog.Attr) bool { return a.Key == keySession || a.Key == keyIdentity })
	}
	c.last = l
	all.mu.Unlock()
	if since := now.Sub(c.from); since < 0 || since >= 2*window {
		all.flush(to, k, c) // the timer is late, or one of another clock
	}
}

// begin opens a window. The caller holds the lock. The timer is never stopped: it does
// nothing if its window is over.
func (all *limiter) begin(to *slog.Logger, k kind, now time.Time) {
	if all.open == nil {
		all.open = map[kind]*counted{}
	}
	c := &counted{from: now}
	all.open[k] = c
	time.AfterFunc(window, func() {
		defer func() { _ = recover() }() // of a log that panics, because no caller is there to recover
		all.flush(to, k, c)
	})
}

// flush ends a window. If it has counted lines, it writes one, and another window begins.
func (all *limiter) flush(to *slog.Logger, k kind, c *counted) {
	all.mu.Lock()
	if all.open[k] != c {
		all.mu.Unlock()
		return
	}
	delete(all.open, k)
	if c.n > 0 {
		all.begin(to, k, time.Now())
	}
	all.mu.Unlock()
	c.last.write(context.Background(), to, c.n)
}

// close writes the lines that were counted and are not in the log yet.
func (all *limiter) close(to *slog.Logger) {
	all.mu.Lock()
	open := all.open
	all.open = nil
	all.mu.Unlock()
	for _, c := range open {
		c.last.write(context.Background(), to, c.n)
	}
}

// write writes a line, which stands for n of them unless n is 0.
func (l line) write(ctx context.Context, to *slog.Logger, n int) {
	if l.text == "" {
		return // nothing was counted
	}
	if n > 0 {
		l.attrs = append(l.attrs, slog.Int(l.count, n))
	}
	if l.err != nil {
		l.attrs = append(l.attrs, slog.Any("error", l.err))
	}
	to.LogAttrs(ctx, l.level, l.text, l.attrs...)
}
