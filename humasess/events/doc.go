// Package events has the events that a manager reports to operators: sign-ins, refusals,
// signs of an attack, and failures of the store.
//
// A manager calls Options.OnEvent with each [Event], within the request and
// concurrently. An event has a [Kind] and, for some kinds, a [Reason]:
//
//	OnEvent: func(ctx context.Context, e events.Event) {
//		if e.Kind == events.Reused {
//			alert(ctx, e.Identity, e.SessionID)
//		}
//	},
//
// Sign-ins are events of kind [Created] with [ReasonSignIn], sign-outs of kind
// [Destroyed] with [ReasonSignOut]. Answers 401 are [Challenged], and answers 403
// before the handler are [Refused] with the reason. An event names the session and its
// user where the request has proved both.
//
// [Counters] count events by kind and reason, for expvar, Prometheus or
// OpenTelemetry. The manager also writes events to Options.Logger, so
// programs that only read logs do not need this package. In the log, problems come at
// most once a second for each kind and reason, with a count. OnEvent gets each of them.
//
// The values of kinds and reasons are part of the API.
package events
