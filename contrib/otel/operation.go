package humasessotel

import (
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/stores"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// method is a method of a store or of revocations.
type method int

const (
	load method = iota
	loadMany
	create
	update
	touch
	remove
	list
	revokeIdentity
	markChanged
	scan
	countAll
	clearAll
	check
	checkMany
	end
	methods // the number of methods
)

// methodNames are the values of db.operation.name.
var methodNames = [methods]string{
	load: "load", loadMany: "load_many", create: "create", update: "update", touch: "touch", remove: "delete",
	list: "list", revokeIdentity: "revoke_identity", markChanged: "mark_changed",
	scan: "scan", countAll: "count", clearAll: "clear",
	check: "check", checkMany: "check_many", end: "end",
}

// observer observes the calls of one store.
type observer struct {
	*Telemetry
	system     attribute.KeyValue
	operations [methods]operation
}

// operation holds the parts of telemetry that do not change from call to call, so a
// call of a fast store stays cheap.
type operation struct {
	name      attribute.KeyValue
	spanName  string
	start     []trace.SpanStartOption
	succeeded []metric.RecordOption
}

// newObserver returns an observer for a store of the system. Target is the part of the
// span's name after the method.
func newObserver(t *Telemetry, system string, kind trace.SpanKind, target string) *observer {
	o := &observer{Telemetry: t, system: semconv.DBSystemNameKey.String(system)}
	for m, name := range methodNames {
		op := &o.operations[m]
		op.name, op.spanName = semconv.DBOperationName(name), name+" "+target
		op.start = []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithAttributes(o.system, op.name)}
		op.succeeded = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(o.system, op.name))}
	}
	return o
}

// call is one call of a store.
type call struct {
	*observer
	operation *operation
	asked     context.Context // of the caller
	ctx       context.Context // with the span
	span      trace.Span
	began     time.Time // zero if durations are not recorded
	over      bool
}

func (o *observer) begin(ctx context.Context, m method) call {
	op := &o.operations[m]
	spanned, span := o.tracer.Start(ctx, op.spanName, op.start...)
	c := call{observer: o, operation: op, asked: ctx, ctx: spanned, span: span}
	if o.duration.Enabled(ctx) {
		c.began = time.Now()
	}
	return c
}

// about notes the session and the user of a call, if the options allow it.
func (c *call) about(id stores.ID, identity string) {
	if c.sessionID && !id.IsZero() && c.span.IsRecording() {
		c.span.SetAttributes(semconv.SessionID(id.String()))
	}
	if c.identity && identity != "" && c.span.IsRecording() {
		c.span.SetAttributes(semconv.EnduserID(identity))
	}
}

// asks notes the number of sessions that a call asks for. By the conventions, one is
// not a batch.
func (c *call) asks(n int) {
	if n > 1 && c.span.IsRecording() {
		c.span.SetAttributes(semconv.DBOperationBatchSize(n))
	}
}

// returns notes the number of sessions in the answer.
func (c *call) returns(n int) {
	if c.span.IsRecording() {
		c.span.SetAttributes(semconv.DBResponseReturnedRows(n))
	}
}

// end ends a call that has returned.
func (c *call) end(err error) {
	options := c.operation.succeeded
	if err != nil {
		options = c.failed(err)
	}
	c.finish(options)
}

// panicked ends a call that has not returned. It does not recover.
func (c *call) panicked() {
	if !c.over {
		c.finish(c.errored("panic"))
	}
}

// finish records the duration before the span ends, so an exemplar can name the span.
func (c *call) finish(options []metric.RecordOption) {
	c.over = true
	if !c.began.IsZero() {
		c.duration.Record(c.ctx, time.Since(c.began).Seconds(), options...)
	}
	c.span.End()
}

// failed notes an answer other than success on the span, and returns the attributes
// for the duration.
func (c *call) failed(err error) []metric.RecordOption {
	if errors.Is(err, stores.ErrConflict) {
		c.counters.conflicts.Add(c.ctx, 1, c.addOptions()...)
	}
	if name := outcome(c.asked, err); name != "" {
		c.span.SetAttributes(outcomeKey.String(name))
		return c.operation.succeeded
	}
	if code := statusCode(err); code != "" {
		c.span.SetAttributes(semconv.DBResponseStatusCode(code))
	}
	return c.errored(errorType(err))
}

// errored notes an error on the span, and returns the attributes for the duration.
func (c *call) errored(errorType string) []metric.RecordOption {
	kind := semconv.ErrorTypeKey.String(errorType)
	c.span.SetAttributes(kind)
	c.span.SetStatus(codes.Error, kind.Value.AsString()) // not the text, which may hold an address or data
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(c.system, c.operation.name, kind))}
}

func (c *call) addOptions() []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(c.system, c.operation.name))}
}
