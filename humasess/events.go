package humasess

import (
	"context"
	"log/slog"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
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

func (s *state[T]) emit(e events.Event) {
	ctx := context.Background()
	if s.r != nil {
		ctx = s.r.Client()
		e.Operation = s.r.OperationName()
	}
	s.m.emit(ctx, e)
}

// rejected reports a cookie that opened nothing. The ID in it is what the
// client says: without its secret it may be anybody's.
func (s *state[T]) rejected(reason events.Reason) {
	s.emit(events.Event{Kind: events.Rejected, Reason: reason})
}

func (s *state[T]) rejectedAs(rec *record.Record[T], token security.Token) {
	switch {
	case rec.Open.Scheme != s.m.scheme:
		s.rejected(events.ReasonForeign)
		return
	case s.m.superseded(rec, token):
		s.reused(rec)
		return
	}
	s.emit(events.Event{Kind: events.Rejected, SessionID: rec.ID.String(), Reason: events.ReasonMismatch})
}

func (s *state[T]) undecodable(id stores.ID, err error) {
	s.emit(events.Event{Kind: events.Undecodable, SessionID: id.String(), Err: err})
}

// touched reports that the request has extended the session. It is the only
// event of requests that do nothing else, so it costs nothing where nobody
// listens.
func (s *state[T]) touched() {
	if s.m.opts.OnEvent != nil || s.m.opts.Logger.Enabled(context.Background(), slog.LevelDebug) {
		s.emit(events.Event{Kind: events.Touched, SessionID: s.rec.ID.String()})
	}
}

// destroyed reports that the request has ended a session.
func (s *state[T]) destroyed(id stores.ID) {
	s.m.watch.Ended(id)
	s.emit(events.Event{Kind: events.Destroyed, SessionID: id.String()})
}

func (s *state[T]) revoked() error {
	s.m.watch.Check(s.rec.ID)
	s.emit(events.Event{Kind: events.Rejected, SessionID: s.rec.ID.String(), Reason: events.ReasonUnknown})
	return gate.Fail(gate.ErrRevoked, nil)
}
