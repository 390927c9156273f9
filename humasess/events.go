package humasess

import (
	"github.com/humasess/sessions/humasess/internal/gate"

	"context"
	"log/slog"
)

// EventKind says what happened to a session.
type EventKind string

// The kinds of events. New ones may be added. None says that a session has
// expired, because nobody can tell: the stores let it go by themselves, and
// whoever presents its cookie later is [EventRejected], as with one that was
// revoked or never issued.
const (
	EventCreated     EventKind = "created"
	EventRenewed     EventKind = "renewed"
	EventTouched     EventKind = "touched" // extended by use: at most once per tenth of IdleTimeout, but for parallel requests
	EventDestroyed   EventKind = "destroyed"
	EventRevoked     EventKind = "revoked"      // by List's owner or an administrator
	EventEvicted     EventKind = "evicted"      // gave way to MaxPerIdentity
	EventReused      EventKind = "reused"       // a secret that a rotation has superseded was presented
	EventRejected    EventKind = "rejected"     // a cookie that opened nothing
	EventRefused     EventKind = "refused"      // cross-origin, or by a guard that erred
	EventUndecodable EventKind = "undecodable"  // data that does not fit T
	EventStoreFailed EventKind = "store_failed" // the store could not be asked or told
	EventHungUp      EventKind = "hung_up"      // the client or the caller went away while the store was asked
)

// Reasons of [EventRejected], [EventRefused], [EventRenewed] and [EventRevoked].
const (
	ReasonMalformed  = "malformed"   // no store call was made for it
	ReasonUnknown    = "unknown"     // unknown, expired or revoked
	ReasonMismatch   = "mismatch"    // a known session, not its secret
	ReasonForeign    = "foreign"     // a session of another manager
	ReasonAmbiguous  = "ambiguous"   // several different cookies of one name
	ReasonCrossSite  = "cross_site"  // a page of another origin sent it
	ReasonCSRF       = "csrf"        // without the session's CSRF token
	ReasonGuardError = "guard_error" // a guard returned an error that is no huma.StatusError
	ReasonRevokedAgo = "revoked_ago" // Start in a request older than a revocation
	ReasonChangedAgo = "changed_ago" // Start in a request older than a change by UpdateIdentity
	ReasonUndecided  = "undecided"   // Start in a request that may be older than a revocation or change
	ReasonPeriodic   = "periodic"    // RotateEvery has passed
	ReasonReissued   = "reissued"    // nobody had presented the secret of a rotation
	ReasonReused     = "reused"      // revoked for EventReused
	ReasonLimit      = "limit"       // Start beyond MaxPerIdentity, by RefuseNew
	ReasonEverything = "everything"  // by RevokeEverything
)

// Event tells an operator what happened. It never carries a token, a secret,
// or a cookie's value.
type Event struct {
	Kind      EventKind
	SessionID string // public ID, "" when there is none
	Scheme    string // which manager
	Operation string // operation ID or path, "" outside a request
	Reason    string
	Count     int   // of [EventEvicted] and [EventRevoked]
	Err       error // why, for operators: never shown to clients
}

func (e Event) level() slog.Level {
	switch e.Kind {
	case EventStoreFailed:
		return slog.LevelError
	case EventUndecodable, EventRefused, EventReused:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// touched reports that the request has extended the session. It is the only
// event of requests that do nothing else, so it costs nothing where nobody
// listens.
func (s *state[T]) touched() {
	if s.m.opts.OnEvent != nil || s.m.opts.Logger.Enabled(context.Background(), slog.LevelDebug) {
		s.emit(Event{Kind: EventTouched, SessionID: s.rec.ID.String()})
	}
}

// emit reports an event. Problems are logged as warnings and errors, the rest
// for debugging.
func (m *Manager[T]) emit(ctx context.Context, e Event) {
	e.Scheme = m.scheme
	ctx = gate.Outside(ctx)
	if m.opts.OnEvent != nil {
		m.opts.OnEvent(ctx, e)
	}
	if level := e.level(); m.opts.Logger.Enabled(ctx, level) {
		attrs := make([]slog.Attr, 0, 6)
		attrs = append(attrs, slog.String("event", string(e.Kind)), slog.String("scheme", e.Scheme))
		for _, a := range []slog.Attr{
			slog.String("session", e.SessionID), slog.String("operation", e.Operation), slog.String("reason", e.Reason),
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
		m.opts.Logger.LogAttrs(ctx, level, "session "+string(e.Kind), attrs...)
	}
}
