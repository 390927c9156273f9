// Package events tells operators about the events of sessions.
//
// A manager calls Options.OnEvent with each [Event], within the request and
// concurrently. An event has a [Kind] and, for some kinds, a [Reason]:
//
//	OnEvent: func(ctx context.Context, e events.Event) {
//		if e.Kind == events.Reused {
//			alert(ctx, e.SessionID)
//		}
//	},
//
// [Counters] count events by kind and reason, for expvar, Prometheus or
// OpenTelemetry. The manager also writes each event to Options.Logger, so
// programs that only read logs do not need this package.
//
// The values of kinds and reasons are part of the API.
package events
