package humasessotel

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// ScopeName is the name of the instrumentation scope of all spans and metrics.
const ScopeName = "github.com/humasess/sessions/contrib/otel"

// Options configures [New].
type Options struct {
	// TracerProvider makes the spans. The default is the global one.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the metrics. The default is the global one.
	MeterProvider metric.MeterProvider

	// SessionID puts the public ID of the session on spans, as session.id. The ID
	// opens nothing, but it links the requests of one session. The default is false.
	SessionID bool

	// Identity puts the identity of the session's user on spans, as enduser.id. It may
	// be personal data. The default is false.
	Identity bool
}

// Telemetry reports to OpenTelemetry. It is safe for concurrent use.
type Telemetry struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
	counters counters

	sessionID bool
	identity  bool
}

// durationBounds are the bucket boundaries in seconds. They reach from a store in
// memory to twice the default of Options.StoreTimeout.
var durationBounds = []float64{
	0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
}

// New returns a Telemetry. It returns an error if the meter refuses an instrument.
func New(opts *Options) (*Telemetry, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.TracerProvider == nil {
		o.TracerProvider = otel.GetTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = otel.GetMeterProvider()
	}
	meter := o.MeterProvider.Meter(ScopeName, metric.WithSchemaURL(semconv.SchemaURL))
	duration, err := meter.Float64Histogram("humasess.store.duration",
		metric.WithUnit("s"),
		metric.WithDescription("Duration of calls of the session store."),
		metric.WithExplicitBucketBoundaries(durationBounds...))
	counters, failed := newCounters(meter)
	if err := errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("humasessotel: %w", err)
	}
	return &Telemetry{
		tracer:    o.TracerProvider.Tracer(ScopeName, trace.WithSchemaURL(semconv.SchemaURL)),
		duration:  duration,
		counters:  counters,
		sessionID: o.SessionID,
		identity:  o.Identity,
	}, nil
}
