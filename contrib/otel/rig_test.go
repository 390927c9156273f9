package humasessotel_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// rig records the spans and metrics of a Telemetry.
type rig struct {
	*humasessotel.Telemetry
	spans  *tracetest.SpanRecorder
	tracer trace.Tracer
	reader *sdkmetric.ManualReader
}

func newRig(tb testing.TB, opts humasessotel.Options) *rig {
	tb.Helper()
	r := &rig{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r.spans))
	opts.TracerProvider = tracers
	opts.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))
	r.tracer = tracers.Tracer("test")
	var err error
	if r.Telemetry, err = humasessotel.New(&opts); err != nil {
		tb.Fatal(err)
	}
	return r
}

// names returns the names of the spans that have ended, in the order of their ends, and
// forgets them. A child stands below its parent.
func (r *rig) names() []string {
	ended := r.spans.Ended()
	r.spans.Reset()
	parents := map[trace.SpanID]sdktrace.ReadOnlySpan{}
	for _, s := range ended {
		parents[s.SpanContext().SpanID()] = s
	}
	names := make([]string, 0, len(ended))
	for _, s := range ended {
		name := s.Name()
		if p := parents[s.Parent().SpanID()]; p != nil {
			name = p.Name() + " > " + name
		}
		names = append(names, name)
	}
	return names
}

func (r *rig) collect(tb testing.TB) []metricdata.Metrics {
	tb.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &all); err != nil {
		tb.Fatal(err)
	}
	var metrics []metricdata.Metrics
	for _, scope := range all.ScopeMetrics {
		metrics = append(metrics, scope.Metrics...)
	}
	return metrics
}

// values returns each series as "name{key=value} count". The count of a duration is
// that of its calls.
func (r *rig) values(tb testing.TB) []string {
	tb.Helper()
	var lines []string
	add := func(name string, set attribute.Set, n any) {
		var attrs []string
		for _, kv := range set.ToSlice() {
			attrs = append(attrs, string(kv.Key)+"="+kv.Value.AsString())
		}
		lines = append(lines, fmt.Sprintf("%s{%s} %v", name, strings.Join(attrs, ","), n))
	}
	for _, m := range r.collect(tb) {
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, p.Value)
			}
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, p.Count)
			}
		default:
			tb.Fatalf("metric %s: got data of type %T", m.Name, data)
		}
	}
	slices.Sort(lines)
	return lines
}

// user is the data of a session.
type user struct {
	Name  string
	Roles []string
	N     int
}

// serve returns an API whose requests have a span. Each POST starts with an empty body.
func (r *rig) serve(tb testing.TB, store stores.Store, opts *humasess.Options[user]) (http.Handler, *humasess.Manager[user]) {
	tb.Helper()
	if opts == nil {
		opts = &humasess.Options[user]{}
	}
	opts.Identity = func(u user) string { return u.Name }
	opts.Roles = func(u user) []string { return u.Roles }
	if opts.OnEvent == nil {
		opts.OnEvent = r.OnEvent
	}
	sessions, err := humasess.New(store, opts)
	if err != nil {
		tb.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		tb.Fatal(err)
	}
	post := func(path string, f func(ctx context.Context, s *humasess.Session[user]) error) {
		huma.Post(api, path, func(ctx context.Context, in *struct{ humasess.Session[user] }) (*struct{}, error) {
			return nil, f(ctx, &in.Session)
		})
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[user] }) (*struct{}, error) {
		return nil, in.Session.Start(user{Name: "ada"})
	})
	post("/logout", func(_ context.Context, s *humasess.Session[user]) error { return s.Destroy() })
	post("/visit", func(_ context.Context, s *humasess.Session[user]) error {
		return s.Update(func(u *user) error { u.N++; return nil })
	})
	post("/others", func(ctx context.Context, s *humasess.Session[user]) error {
		_, err := s.RevokeOthers(ctx)
		return err
	})
	huma.Get(api, "/me", func(_ context.Context, in *struct{ humasess.Required[user] }) (*struct{ Body string }, error) {
		return &struct{ Body string }{in.Value().Name}, nil
	})
	admins := huma.NewGroup(api, "/admin")
	admins.UseSimpleModifier(sessions.Require("admin"))
	huma.Get(admins, "/all", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, span := r.tracer.Start(req.Context(), req.Method+" "+req.URL.Path, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		mux.ServeHTTP(w, req.WithContext(ctx))
	}), sessions
}

// equal compares lines in their order.
func equal[S ~string](tb testing.TB, label string, got, want []S) {
	tb.Helper()
	if !slices.EqualFunc(got, want, func(a, b S) bool { return cmp.Compare(a, b) == 0 }) {
		tb.Errorf("%s:\ngot  %q\nwant %q", label, got, want)
	}
}
