package main

import (
	"net/http"
	"slices"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// TestRoutes checks that spans and durations have the route, and never a path that the
// client chose. It sets the global providers, so it is not parallel.
func TestRoutes(t *testing.T) {
	spans, durations := tracetest.NewSpanRecorder(), metric.NewManualReader()
	otel.SetTracerProvider(sdk.NewTracerProvider(sdk.WithSpanProcessor(spans)))
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(durations)))
	p := launch(t, map[string]string{
		"DATABASE_URL": servertest.StartPostgres(t, "fsync=off").DSN, "LISTEN": "localhost:0", "ORIGIN": "http://localhost:8888",
	})
	p.status("DELETE", "/notes/1", "", http.StatusUnauthorized)
	p.status("GET", "/nowhere", "", http.StatusNotFound)
	p.stop()
	if err := <-p.stopped; err != nil {
		t.Fatal(err)
	}

	var names []string
	for _, span := range spans.Ended() {
		names = append(names, span.Name())
	}
	if want := []string{"DELETE /notes/{id}", "GET"}; !slices.Equal(names, want) {
		t.Errorf("got spans %q, want %q", names, want)
	}
	if got, want := routes(t, durations), []string{"", "/notes/{id}"}; !slices.Equal(got, want) {
		t.Errorf("got durations of the routes %q, want %q", got, want)
	}
}

// routes returns the routes that have durations, in order.
func routes(t *testing.T, reader metric.Reader) (all []string) {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			durations, ok := m.Data.(metricdata.Histogram[float64])
			if !ok || m.Name != "http.server.request.duration" {
				continue
			}
			for _, point := range durations.DataPoints {
				route, _ := point.Attributes.Value("http.route")
				all = append(all, route.AsString())
			}
		}
	}
	slices.Sort(all)
	return all
}
