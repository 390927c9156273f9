package humasessotel_test

import (
	"context"
	"testing"
	"time"

	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// wraps are the ways to observe a store. Each sample keeps its provider, so spans cost as
// in a program, except for the export.
var wraps = []struct {
	name string
	wrap func(tb testing.TB, inner stores.Store) stores.Store
}{
	{"bare", func(_ testing.TB, inner stores.Store) stores.Store { return inner }},
	{"no SDK", func(tb testing.TB, inner stores.Store) stores.Store {
		return observe(tb, inner, humasessotel.Options{TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider()})
	}},
	{"metrics", func(tb testing.TB, inner stores.Store) stores.Store {
		return observe(tb, inner, humasessotel.Options{TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: sdkMeters()})
	}},
	{"metrics and spans that are not sampled", func(tb testing.TB, inner stores.Store) stores.Store {
		never := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
		return observe(tb, inner, humasessotel.Options{TracerProvider: never, MeterProvider: sdkMeters()})
	}},
	{"metrics and spans", func(tb testing.TB, inner stores.Store) stores.Store {
		always := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(discard{}))
		return observe(tb, inner, humasessotel.Options{TracerProvider: always, MeterProvider: sdkMeters()})
	}},
}

func sdkMeters() *sdkmetric.MeterProvider {
	return sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
}

func observe(tb testing.TB, inner stores.Store, opts humasessotel.Options) stores.Store {
	tb.Helper()
	telemetry, err := humasessotel.New(&opts)
	if err != nil {
		tb.Fatal(err)
	}
	return telemetry.Store(inner)
}

// discard is an exporter that costs nothing.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

// loader returns the fastest load of all stores.
func loader(tb testing.TB, wrap func(testing.TB, stores.Store) stores.Store) func() {
	tb.Helper()
	store := wrap(tb, memory.New(nil))
	id, err := stores.RandomID()
	if err != nil {
		tb.Fatal(err)
	}
	ctx := context.Background()
	if _, err := store.Create(ctx, stores.Create{ID: id, Payload: []byte("x"), Idle: time.Hour, Absolute: time.Hour}); err != nil {
		tb.Fatal(err)
	}
	memoizer, ok := stores.As[stores.Memoizer](store)
	if !ok {
		tb.Fatal("got no Memoizer")
	}
	return func() {
		if _, _, err := memoizer.LoadMemo(ctx, id); err != nil {
			tb.Fatal(err)
		}
	}
}

// How much does telemetry add to one call of the fastest store?
func BenchmarkLoad(b *testing.B) {
	for _, w := range wraps {
		b.Run(w.name, func(b *testing.B) {
			load := loader(b, w.wrap)
			b.ReportAllocs()
			for b.Loop() {
				load()
			}
		})
	}
}
