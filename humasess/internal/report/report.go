// Package report tells the program about events.
package report

import (
	"context"
	"errors"
	"log/slog"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
)

// Reporter reports the events of one manager. It is safe for concurrent use if OnEvent
// is.
type Reporter struct {
	Scheme  string
	OnEvent func(context.Context, events.Event) // may be nil
	Logger  *slog.Logger

	LogIdentity bool
}

// level returns the level of an event in the log.
func level(e events.Event) slog.Level {
	switch e.Kind {
	case events.StoreFailed:
		return slog.LevelError
	case events.Undecodable, events.Refused, events.Reused:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// Emit reports an event. Problems are logged as warnings and errors, the rest for
// debugging.
func (r *Reporter) Emit(ctx context.Context, e events.Event) {
	e.Scheme = r.Scheme
	ctx = gate.Outside(ctx)
	if r.OnEvent != nil {
		r.OnEvent(ctx, e)
	}
	if at := level(e); r.Logger.Enabled(ctx, at) {
		attrs := make([]slog.Attr, 0, 7)
		attrs = append(attrs, slog.String("event", string(e.Kind)), slog.String("scheme", e.Scheme))
		for _, a := range []slog.Attr{
			slog.String("session", e.SessionID), slog.String("operation", e.Operation), slog.String("reason", string(e.Reason)),
		} {
			if a.Value.String() != "" {
				attrs = append(attrs, a)
			}
		}
		if r.LogIdentity && e.Identity != "" {
			attrs = append(attrs, slog.String("identity", e.Identity))
		}
		if e.Count > 0 {
			attrs = append(attrs, slog.Int("count", e.Count))
		}
		if e.Err != nil {
			attrs = append(attrs, slog.Any("error", e.Err))
		}
		r.Logger.LogAttrs(ctx, at, "session "+string(e.Kind), attrs...)
	}
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
		r.Emit(ctx, events.Event{Kind: events.HungUp, Err: err})
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
