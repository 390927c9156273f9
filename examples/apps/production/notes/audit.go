package notes

import (
	"context"
	"log/slog"

	"github.com/humasess/sessions/humasess/events"
)

// audited logs the begins and the ends of sessions at the level info, where the manager
// logs them for debugging. The next function may be nil.
func (a *App) audited(next func(context.Context, events.Event)) func(context.Context, events.Event) {
	return func(ctx context.Context, e events.Event) {
		switch e.Kind {
		case events.Created, events.Destroyed, events.Revoked, events.Evicted:
			a.log.LogAttrs(ctx, slog.LevelInfo, "audit",
				slog.String("event", string(e.Kind)), slog.String("reason", string(e.Reason)),
				slog.String("session_id", e.SessionID), slog.String("identity", e.Identity), slog.Int("count", e.Count))
		}
		if next != nil {
			next(ctx, e)
		}
	}
}
