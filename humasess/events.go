package humasess

import (
	"context"
	"log/slog"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
)

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

// touched reports that the request has extended the session. It is the only
// event of requests that do nothing else, so it costs nothing where nobody
// listens.
func (s *state[T]) touched() {
	if s.m.opts.OnEvent != nil || s.m.opts.Logger.Enabled(context.Background(), slog.LevelDebug) {
		s.emit(events.Event{Kind: events.Touched, SessionID: s.rec.ID.String()})
	}
}

// emit reports an event. Problems are logged as warnings and errors, the rest
// for debugging.
func (m *Manager[T]) emit(ctx context.Context, e events.Event) {
	e.Scheme = m.scheme
	ctx = gate.Outside(ctx)
	if m.opts.OnEvent != nil {
		m.opts.OnEvent(ctx, e)
	}
	if at := level(e); m.opts.Logger.Enabled(ctx, at) {
		attrs := make([]slog.Attr, 0, 6)
		attrs = append(attrs, slog.String("event", string(e.Kind)), slog.String("scheme", e.Scheme))
		for _, a := range []slog.Attr{
			slog.String("session", e.SessionID), slog.String("operation", e.Operation), slog.String("reason", string(e.Reason)),
		} {
			if a.Value.String() != "" {
				attrs = append(attrs, a)
			}
		}
		if e.Count > 0 {
			attrs = append(attrs, slog.Int("count", e.Count))
		}
		if e.Err != nil {
			attrs = append(attrs, slog.Any("error", e.Err))
		}
		m.opts.Logger.LogAttrs(ctx, at, "session "+string(e.Kind), attrs...)
	}
}
