package telemetry_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	prom "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// rig exports metrics as a program with Prometheus does, and records spans.
type rig struct {
	*humasessotel.Telemetry
	registry *prom.Registry
	spans    *tracetest.SpanRecorder
	tracer   trace.Tracer
}

func newRig(tb testing.TB) *rig {
	tb.Helper()
	r := &rig{registry: prom.NewRegistry(), spans: tracetest.NewSpanRecorder()}
	exporter, err := prometheus.New(prometheus.WithRegisterer(r.registry))
	if err != nil {
		tb.Fatal(err)
	}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r.spans))
	r.tracer = tracers.Tracer("test")
	r.Telemetry, err = humasessotel.New(&humasessotel.Options{
		TracerProvider: tracers, MeterProvider: metric.NewMeterProvider(metric.WithReader(exporter)),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

type user struct {
	Name string
	N    int
}

// serve returns an API whose requests have a span.
func (r *rig) serve(tb testing.TB, store stores.Store, opts *humasess.Options[user]) http.Handler {
	tb.Helper()
	if opts == nil {
		opts = &humasess.Options[user]{}
	}
	opts.Identity = func(u user) string { return u.Name }
	opts.OnEvent = r.OnEvent
	sessions, err := humasess.New(store, opts)
	if err != nil {
		tb.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		tb.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[user] }) (*struct{}, error) {
		return nil, in.Session.Start(user{Name: "ada"})
	})
	huma.Post(api, "/visit", func(_ context.Context, in *struct{ humasess.Session[user] }) (*struct{}, error) {
		return nil, in.Update(func(u *user) error { u.N++; return nil })
	})
	huma.Post(api, "/logout", func(_ context.Context, in *struct{ humasess.Session[user] }) (*struct{}, error) {
		return nil, in.Destroy()
	})
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, span := r.tracer.Start(req.Context(), req.Method+" "+req.URL.Path, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		mux.ServeHTTP(w, req.WithContext(ctx))
	})
}

func post(tb testing.TB, c *humasesstest.Client, path string, want int) {
	tb.Helper()
	if w := c.Do(http.MethodPost, path, nil); w.Code != want {
		tb.Errorf("POST %s: got %d %s, want %d", path, w.Code, w.Body, want)
	}
}

// names returns the names of the spans that have ended, with their parents, in the order
// of their ends. It forgets them.
func (r *rig) names() []string {
	ended := r.spans.Ended()
	r.spans.Reset()
	parents := map[trace.SpanID]string{}
	for _, s := range ended {
		parents[s.SpanContext().SpanID()] = s.Name()
	}
	names := make([]string, 0, len(ended))
	for _, s := range ended {
		name := s.Name()
		if parent := parents[s.Parent().SpanID()]; parent != "" {
			name = parent + " > " + name
		}
		names = append(names, name)
	}
	return names
}

// sample is one value of the exported text.
type sample struct {
	name   string
	labels map[string]string
	value  float64
}

// scrape returns the values that Prometheus would read.
func (r *rig) scrape(tb testing.TB) []sample {
	tb.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	var all []sample
	for _, f := range families {
		for _, m := range f.GetMetric() {
			all = append(all, samples(f.GetName(), m)...)
		}
	}
	return all
}

func samples(name string, m *dto.Metric) []sample {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	if c := m.GetCounter(); c != nil {
		return []sample{{name, labels, c.GetValue()}}
	}
	h := m.GetHistogram()
	if h == nil {
		return nil // target_info
	}
	count := float64(h.GetSampleCount())
	all := []sample{{name + "_count", labels, count}, {name + "_sum", labels, h.GetSampleSum()}}
	bucket := func(le string, n float64) {
		with := maps.Clone(labels)
		with["le"] = le
		all = append(all, sample{name + "_bucket", with, n})
	}
	for _, b := range h.GetBucket() {
		bucket(formatFloat(b.GetUpperBound()), float64(b.GetCumulativeCount()))
	}
	bucket("+Inf", count)
	return all
}

func equal(tb testing.TB, label string, got, want []string) {
	tb.Helper()
	if !slices.Equal(got, want) {
		tb.Errorf("%s:\ngot  %q\nwant %q", label, got, want)
	}
}

func sealer(tb testing.TB) security.Sealer {
	tb.Helper()
	key, err := security.GenerateKey()
	if err != nil {
		tb.Fatal(err)
	}
	s, err := security.NewAEAD(key)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
