// Package report tells the program about events.
package report

import (
	"context"
	"errors"
	"log/slog"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/stores"
)

// Reporter reports the events of one manager. It is safe for concurrent use if OnEvent
// is.
type Reporter struct {
	Scheme  string
	OnEvent func(context.Context, events.Event) // may be nil
	Logger  *slog.Logger

	LogIdentity bool

	lines limiter
}

// level returns the level of an event in the log.
func level(e events.Event) slog.Level {
	switch e.Kind {
	case events.StoreFailed:
		return slog.LevelError
	case events.Undecodable, events.Reused:
		return slog.LevelWarn
	case events.Refused:
		switch e.Reason {
		case events.ReasonRole, events.ReasonGuard, events.ReasonMethods, events.ReasonNotFresh:
			return slog.LevelDebug // a user was refused as the program wants it
		}
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// Emit reports an event. Problems are logged as warnings and errors, the rest for
// debugging. OnEvent gets each problem, and the log at most one a second of each kind.
func (r *Reporter) Emit(ctx context.Context, e events.Event) {
	e.Scheme = r.Scheme
	ctx = gate.Outside(ctx)
	if r.OnEvent != nil {
		r.OnEvent(ctx, e)
	}
	at := level(e)
	if !r.Logger.Enabled(ctx, at) {
		return
	}
	l := line{level: at, text: "session " + string(e.Kind), attrs: r.attrs(&e), err: e.Err, count: "times"}
	if at == slog.LevelDebug {
		l.write(ctx, r.Logger, 0)
		return
	}
	k := kind{of: string(e.Kind), reason: string(e.Reason)}
	switch e.Kind {
	case events.StoreFailed:
		l.count = "failures"
		if errors.Is(e.Err, stores.ErrTooLarge) {
			k.reason = "too_large" // a client may provoke it, and must not hide an outage
		}
	case events.Reused:
		// The client may be a thief, so each session has lines of its own. No client has
		// superseded secrets of many sessions.
		k.session = e.SessionID
	}
	r.lines.add(ctx, r.Logger, k, l)
}

// Close logs the problems that were counted and are not in the log yet.
func (r *Reporter) Close() { r.lines.close(r.Logger) }

// attrs returns the attributes of an event, except its error.
func (r *Reporter) attrs(e *events.Event) []slog.Attr {
	attrs := make([]slog.Attr, 0, 9)
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("event", string(e.Kind))
	add("scheme", r.Scheme)
	add(keySession, e.SessionID)
	if r.LogIdentity {
		add(keyIdentity, e.Identity)
	}
	add("operation", e.Operation)
	add("reason", string(e.Reason))
	if e.Count > 0 {
		attrs = append(attrs, slog.Int("count", e.Count))
	}
	return attrs
}

// Invalid logs a call of a session that can never work. The client gets a 500 without the
// reason.
func (r *Reporter) Invalid(ctx context.Context, operation string, err error) {
	r.lines.add(ctx, r.Logger, kind{of: "invalid", reason: operation}, line{
		level: slog.LevelError, text: "invalid call of a session", count: "times", err: err,
		attrs: []slog.Attr{slog.String("operation", operation), slog.String("scheme", r.Scheme)},
	})
}

// Listens reports whether anything notices an event for debugging.
func (r *Reporter) Listens() bool {
	return r.OnEvent != nil || r.Logger.Enabled(context.Background(), slog.LevelDebug)
}

// StoreFailed reports the error of a call of the store outside a request, and returns
// the error for the program.
func (r *Reporter) StoreFailed(ctx context.Context, err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return gate.Fail(errors.ErrUnsupported, err)
	}
	if HungUp(ctx) {
		r.Emit(ctx, events.Event{Kind: events.Canceled, Err: err})
	} else {
		r.Emit(ctx, events.Event{Kind: events.StoreFailed, Err: err})
	}
	return gate.Unavailable(err)
}

// HungUp reports whether the caller has gone away, so that an error says nothing about
// the store.
func HungUp(asked context.Context) bool {
	return asked != nil && errors.Is(asked.Err(), context.Canceled)
}
