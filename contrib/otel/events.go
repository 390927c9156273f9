package humasessotel

import (
	"context"
	"errors"

	"github.com/humasess/sessions/humasess/events"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// The attributes of this package. The others are of the semantic conventions.
const (
	schemeKey  = attribute.Key("humasess.scheme")
	reasonKey  = attribute.Key("humasess.reason")
	outcomeKey = attribute.Key("humasess.outcome")
)

// counters are the counters of events, and of conflicts in the store.
type counters struct {
	signIns, signOuts, challenges, forbids metric.Int64Counter
	created, renewed, destroyed            metric.Int64Counter
	revoked, evicted, undecodable          metric.Int64Counter
	rejections, reuses                     metric.Int64Counter
	failures, cancellations, conflicts           metric.Int64Counter
}

const sessionUnit = "{session}"

func newCounters(meter metric.Meter) (counters, error) {
	var c counters
	var failed error
	for _, n := range []struct {
		counter           *metric.Int64Counter
		name, unit, about string
	}{
		{&c.signIns, "humasess.sign_ins", "{sign_in}", "Sign-ins, and with error.type those that were refused."},
		{&c.signOuts, "humasess.sign_outs", "{sign_out}", "Sign-outs by the user's own request."},
		{&c.challenges, "humasess.challenges", "{challenge}", "Requests that got 401."},
		{&c.forbids, "humasess.forbids", "{forbid}", "Requests that got 403."},
		{&c.created, "humasess.sessions.created", sessionUnit, "Sessions that were stored."},
		{&c.renewed, "humasess.sessions.renewed", sessionUnit, "Sessions that got a new token."},
		{&c.destroyed, "humasess.sessions.destroyed", sessionUnit, "Sessions that their own request ended."},
		{&c.revoked, "humasess.sessions.revoked", sessionUnit, "Sessions that a user or an administrator ended."},
		{&c.evicted, "humasess.sessions.evicted", sessionUnit, "Sessions that ended to stay within the limit of their user."},
		{&c.rejections, "humasess.rejections", "{rejection}", "Credentials that opened nothing."},
		{&c.reuses, "humasess.reuses", "{reuse}", "Requests with a token that a rotation has replaced."},
		{&c.undecodable, "humasess.sessions.undecodable", sessionUnit, "Sessions whose data do not fit their type."},
		{&c.failures, "humasess.store.failures", "{failure}", "Store failures that a request or a call of the program met."},
		{&c.cancellations, "humasess.cancellations", "{request}", "Requests that the client cancelled during a call of the store."},
		{&c.conflicts, "humasess.store.conflicts", "{conflict}", "Writes of a session that another write had changed."},
	} {
		counter, err := meter.Int64Counter(n.name, metric.WithUnit(n.unit), metric.WithDescription(n.about))
		*n.counter, failed = counter, errors.Join(failed, err)
	}
	return c, failed
}

// OnEvent counts an event. It has the signature of Options.OnEvent of package
// humasess. A program with a function of its own calls both:
//
//	OnEvent: func(ctx context.Context, e events.Event) {
//		telemetry.OnEvent(ctx, e)
//		audit(ctx, e)
//	},
//
// It ignores kinds that it does not know.
func (t *Telemetry) OnEvent(ctx context.Context, e events.Event) {
	c := &t.counters
	switch e.Kind {
	case events.Created:
		count(ctx, c.created, e)
		if e.Reason == events.ReasonSignIn {
			count(ctx, c.signIns, withoutReason(e))
		}
	case events.Destroyed:
		count(ctx, c.destroyed, e)
		if e.Reason == events.ReasonSignOut {
			count(ctx, c.signOuts, withoutReason(e))
		}
	case events.Rejected:
		t.rejected(ctx, e)
	case events.Challenged:
		count(ctx, c.challenges, e)
	case events.Refused:
		count(ctx, c.forbids, e)
	case events.Renewed:
		count(ctx, c.renewed, e)
	case events.Revoked:
		count(ctx, c.revoked, e)
	case events.Evicted:
		count(ctx, c.evicted, e)
	case events.Reused:
		count(ctx, c.reuses, e)
	case events.Undecodable:
		count(ctx, c.undecodable, e)
	case events.StoreFailed:
		count(ctx, c.failures, e, semconv.ErrorTypeKey.String(errorType(e.Err)))
	case events.Canceled:
		count(ctx, c.cancellations, e)
	}
}

// rejected tells a refused sign-in from a credential that opened nothing.
func (t *Telemetry) rejected(ctx context.Context, e events.Event) {
	switch e.Reason {
	case events.ReasonRevokedDuringSignIn, events.ReasonChangedDuringSignIn, events.ReasonUndecided, events.ReasonLimit:
		count(ctx, t.counters.signIns, withoutReason(e), semconv.ErrorTypeKey.String(string(e.Reason)))
	default:
		count(ctx, t.counters.rejections, e)
	}
}

// withoutReason is for counters whose name says the reason.
func withoutReason(e events.Event) events.Event {
	e.Reason = ""
	return e
}

// count adds the sessions of an event. A store that does not know their number counts
// as one session. A revocation that has found no session counts as none.
func count(ctx context.Context, counter metric.Int64Counter, e events.Event, more ...attribute.KeyValue) {
	if !counter.Enabled(ctx) {
		return
	}
	attrs := append(make([]attribute.KeyValue, 0, 3), more...)
	attrs = append(attrs, schemeKey.String(e.Scheme))
	if e.Reason != "" {
		attrs = append(attrs, reasonKey.String(string(e.Reason)))
	}
	n := max(e.Count, 1)
	if e.Count == 0 && (e.Kind == events.Revoked || e.Kind == events.Evicted) {
		n = 0
	}
	counter.Add(ctx, int64(n), metric.WithAttributeSet(attribute.NewSet(attrs...)))
}
